//! A slice of the matrix: every object with a few fields and every verb, in two profiles; and tests of the tester.

use crate::{AT, read_back, roots};
use checker::image::Image;
use checker::scan::{Memo, Scan};
use checker::volume::MemoryVolume;
use simstore::judge;
use simstore::matrix::{self, Matrix, Object, Report, Selection, State};
use simstore::plan::{Profile, Size, StorePlan};

/// How many fields of most objects are struck.
const FIELDS: usize = 4;

fn plan(profile: Profile) -> StorePlan {
    StorePlan::from_seed(1, profile, Size::SMALL)
}

fn run(profile: Profile, selection: &Selection) -> Matrix {
    let (memo, roots) = (Memo::new(), roots());
    let scan = |volume: &MemoryVolume| -> Result<judge::Report, String> {
        let image = Image::open(volume).map_err(|error| error.to_string())?;
        Ok(read_back(&Scan::new(&image).roots(roots.clone()).at(AT).memo(&memo).threads(1).report()))
    };
    matrix::run(&plan(profile), selection, &scan).expect("memory can be written")
}

fn count(matrix: &Matrix, object: Object, resealed: bool, states: &[State]) -> usize {
    let of_object = matrix.cells.iter().filter(|cell| cell.object == object && cell.resealed == resealed);
    of_object.filter(|cell| states.contains(&cell.state)).count()
}

/// Keys have few fields, which are unlike each other: all of them are struck. Of other objects so many.
fn slice(object: Object) -> Selection {
    let is_key = object.as_str().ends_with("-key");
    Selection { objects: vec![object], fields: (!is_key).then_some(FIELDS), ..Selection::default() }
}

/// How many of a hundred stale cells that mean something have to be exact. A mark of a catalog that is none any more leaves
/// a key behind that is as good as any: of those it was measured.
fn share(object: Object) -> usize {
    match object {
        Object::CatalogKey => 50,
        _ => 60,
    }
}

/// No cell is red, and of the stale ones that mean something most are exact.
#[test]
fn every_object_is_struck_and_nothing_goes_unseen() {
    let mut met = Vec::new();
    for profile in [Profile::Win7, Profile::Win10] {
        for object in Object::ALL {
            let matrix = run(profile, &slice(object));
            let report = Report::new(1, std::slice::from_ref(&matrix));
            assert!(report.red.is_empty(), "{:#?}", report.red);
            let exact = count(&matrix, object, false, &[State::Exact, State::ExactWithConsequences]);
            let neutral = count(&matrix, object, false, &[State::Neutral]);
            assert!(
                exact * 100 >= (exact + neutral) * share(object),
                "{profile} {object}: {exact} exact, {neutral} neutral"
            );
            met.extend(matrix.fields.keys().copied());
        }
    }
    assert!(Object::ALL.iter().all(|object| met.contains(object)), "{met:?}");
}

/// What goes unseen is red.
#[test]
fn a_change_that_nothing_can_find_is_red() {
    let objects = vec![Object::Canary];
    let matrix = run(Profile::Win7, &Selection { objects, resealed: Some(false), ..Selection::default() });
    let red = count(&matrix, Object::Canary, false, &[State::Red]);
    let others =
        count(&matrix, Object::Canary, false, &[State::Exact, State::ExactWithConsequences, State::Neutral]);
    assert!(red > 0 && others == 0, "{red} red, {others} others");
}

/// A checker that finds nothing, or always the same, turns the matrix red.
#[test]
fn a_checker_that_says_nothing_is_red() {
    let objects = vec![Object::ComponentManifest];
    let selection =
        Selection { objects, fields: Some(FIELDS), resealed: Some(false), ..Selection::default() };
    let silent = |_: &MemoryVolume| Ok(judge::Report::default());
    let matrix = matrix::run(&plan(Profile::Win7), &selection, &silent).expect("memory can be written");
    assert!(matrix.cells.iter().all(|cell| matches!(cell.state, State::Red | State::NotApplicable)));
}

/// The command of a cell chooses this cell and no other, and the page names it.
#[test]
fn a_cell_can_be_chosen_by_its_names() {
    let whole = run(Profile::Win7, &Selection { objects: vec![Object::PayloadFile], ..Selection::default() });
    let cell = whole.cells.iter().find(|cell| cell.state == State::Exact).expect("payload is checked");
    let selection = Selection {
        objects: vec![cell.object],
        field: Some(cell.field.clone()),
        verb: Some(cell.verb),
        resealed: Some(cell.resealed),
        fields: None,
    };
    assert_eq!(run(Profile::Win7, &selection).cells, std::slice::from_ref(cell));
    let page = matrix::page(&Report::new(1, &[whole]));
    assert!(page.contains("payload-file") && !page.contains("http"));
}

/// Several profiles are one report: their sum, and each by itself.
#[test]
fn profiles_are_summed_and_told_apart() {
    let profiles = [Profile::Win7, Profile::Win10];
    let objects = vec![Object::PayloadFile, Object::Differential];
    let selection = Selection { objects, fields: Some(2), ..Selection::default() };
    let matrices = profiles.map(|profile| run(profile, &selection));
    let report = Report::new(1, &matrices);
    let cells: Vec<usize> = report.profiles.iter().map(|profile| profile.total.values().sum()).collect();
    assert_eq!(cells, matrices.each_ref().map(|matrix| matrix.cells.len()));
    assert_eq!(report.total.values().sum::<usize>(), cells[0] + cells[1]);
    let fields: Vec<(Object, usize)> =
        report.objects.iter().map(|object| (object.object, object.fields)).collect();
    assert_eq!(fields, [(Object::PayloadFile, 4), (Object::Differential, 2)]);
    // Windows 7 has no differentials.
    let of_profiles: Vec<usize> = report.profiles.iter().map(|profile| profile.objects.len()).collect();
    assert_eq!(of_profiles, [1, 2]);
    let page = matrix::page(&report);
    assert!(
        page.contains("<summary>win7: object by verb") && page.contains("<summary>win10: object by verb")
    );
}
