//! Wall-clock times and throughputs. For information: on shared machines they move by ten per cent and more.

use benches::{
    AT, HASHED_SIZES_BYTES, IDENTITY_TEXT, Inputs, bare_quick_xml, components_hive, compressed_hive,
    expand_lzms, expand_manifests, hash, judge_catalogs, make_keyform, messages, mixed_messages,
    parse_identity, parse_manifests, roxmltree, sum_words, walk_hive, whole_scan,
};
use checker::digest::{Engine, Kernel};
use checker::format::catalog::Verifier;
use checker::format::hive;
use checker::format::identity::Identity;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

fn identities(criterion: &mut Criterion) {
    criterion.bench_function("identity parse", |bencher| bencher.iter(|| parse_identity(IDENTITY_TEXT)));
    let identity = Identity::from_text(IDENTITY_TEXT.as_bytes()).expect("a sound identity");
    criterion.bench_function("keyform", |bencher| bencher.iter(|| make_keyform(&identity)));
}

fn documents(criterion: &mut Criterion) {
    let inputs = Inputs::new();
    let mut group = criterion.benchmark_group("manifest parse");
    group.throughput(Throughput::Bytes(inputs.manifest_bytes()));
    group.bench_function("strict", |bencher| bencher.iter(|| parse_manifests(&inputs.manifests)));
    group.bench_function("bare quick-xml", |bencher| bencher.iter(|| bare_quick_xml(&inputs.manifests)));
    group.bench_function("roxmltree", |bencher| bencher.iter(|| roxmltree(&inputs.manifests)));
    group.finish();

    let mut group = criterion.benchmark_group("compressed manifests");
    group.throughput(Throughput::Bytes(inputs.manifest_bytes()));
    group.bench_function("expand", |bencher| bencher.iter(|| expand_manifests(&inputs.compressed)));
    group.finish();

    let verifier = Verifier::new(&inputs.roots, AT);
    let mut group = criterion.benchmark_group("catalog verdict");
    group.throughput(Throughput::Elements(inputs.catalogs.len() as u64));
    group.bench_function("chains remembered", |bencher| {
        bencher.iter(|| judge_catalogs(&inputs.catalogs, &verifier));
    });
    group.finish();

    let mut group = criterion.benchmark_group("whole scan");
    group.sample_size(10);
    group.throughput(Throughput::Bytes(inputs.payload_bytes));
    for threads in [1, 2] {
        group.bench_function(format!("{threads} threads"), |bencher| {
            bencher.iter(|| whole_scan(&inputs, threads));
        });
    }
    group.finish();
}

fn hashing(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("payload hashing");
    let mut engine = Engine::new(Kernel::fastest());
    let sizes = HASHED_SIZES_BYTES.map(|(name, size)| (name, messages(size)));
    for (name, messages) in sizes.into_iter().chain([("mixed", mixed_messages())]) {
        group.throughput(Throughput::Bytes(messages.iter().map(|message| message.len() as u64).sum()));
        group.bench_function(name, |bencher| bencher.iter(|| hash(&mut engine, &messages)));
    }
    group.finish();
}

fn hives(criterion: &mut Criterion) {
    let bytes = components_hive();
    let opened = hive::open(&bytes, &[]).expect("the hive is sound");
    let mut group = criterion.benchmark_group("hive");
    group.throughput(Throughput::Bytes(bytes.len() as u64));
    group.bench_function("walk", |bencher| bencher.iter(|| walk_hive(&opened.hive)));
    group.bench_function("check", |bencher| bencher.iter(|| opened.hive.check().is_empty()));
    group.bench_function("adding up the bytes", |bencher| bencher.iter(|| sum_words(&bytes)));
    group.finish();

    let (compressed, expanded_bytes) = compressed_hive(&bytes);
    let mut group = criterion.benchmark_group("LZMS");
    group.throughput(Throughput::Bytes(expanded_bytes as u64));
    group.bench_function("expand a hive", |bencher| {
        bencher.iter(|| expand_lzms(&compressed, expanded_bytes));
    });
    group.finish();
}

criterion_group!(benches, identities, documents, hashing, hives);
criterion_main!(benches);
