//! The writing half of the range coder.

/// Decisions, as a number in ever smaller ranges.
pub(super) struct RangeWriter {
    /// The words that are final but for a carry.
    words: Vec<u16>,
    /// The 32 bits behind them.
    low: u32,
    /// How many numbers from `low` on are possible.
    range: u32,
}

impl RangeWriter {
    pub(super) fn new() -> RangeWriter {
        RangeWriter { words: Vec::new(), low: 0, range: u32::MAX }
    }

    /// Writes one decision, where there are `noes` chances in 64 for no.
    fn write(&mut self, decision: bool, noes: u32) {
        if self.range < 0x1_0000 {
            self.words.push((self.low >> 16) as u16);
            self.low <<= 16;
            self.range <<= 16;
        }
        let share_of_no = self.range / 64 * noes;
        if !decision {
            self.range = share_of_no;
            return;
        }
        self.range -= share_of_no;
        let (low, carries) = self.low.overflowing_add(share_of_no);
        self.low = low;
        if carries {
            self.carry();
        }
    }

    fn carry(&mut self) {
        for word in self.words.iter_mut().rev() {
            *word = word.wrapping_add(1);
            if *word != 0 {
                break;
            }
        }
    }

    /// The words in the order in which they are read.
    pub(super) fn finish(mut self) -> Vec<u16> {
        self.words.extend([(self.low >> 16) as u16, self.low as u16]);
        self.words
    }
}

/// A question that is asked again and again.
pub(super) struct Question {
    /// How many of the last answers matter for the next.
    answers_that_matter: u32,
    last_answers: usize,
    /// For each row of last answers, what followed the last 64 times.
    pasts: Vec<Past>,
}

impl Question {
    pub(super) fn new(answers_that_matter: u32) -> Question {
        Question { answers_that_matter, last_answers: 0, pasts: vec![Past::new(); 1 << answers_that_matter] }
    }

    pub(super) fn answer(&mut self, answer: bool, writer: &mut RangeWriter) {
        let past = &mut self.pasts[self.last_answers];
        writer.write(answer, past.noes.clamp(1, 63));
        past.add(answer);
        self.last_answers =
            (2 * self.last_answers + usize::from(answer)) & ((1 << self.answers_that_matter) - 1);
    }
}

/// The last 64 answers to a question.
#[derive(Clone)]
struct Past {
    answers: [bool; 64],
    oldest: usize,
    noes: u32,
}

impl Past {
    /// As if the answers had been 32 times no, and then no and yes in turn.
    fn new() -> Past {
        Past { answers: std::array::from_fn(|place| place >= 32 && place % 2 == 1), oldest: 0, noes: 48 }
    }

    fn add(&mut self, answer: bool) {
        let dropped = std::mem::replace(&mut self.answers[self.oldest], answer);
        self.oldest = (self.oldest + 1) % 64;
        self.noes = self.noes + u32::from(!answer) - u32::from(!dropped);
    }
}
