use super::*;
use crate::plan::shapes::SHAPES;
use std::collections::BTreeSet;

fn plans() -> impl Iterator<Item = StorePlan> {
    Profile::ALL
        .into_iter()
        .flat_map(|profile| (0..8).map(move |seed| StorePlan::from_seed(seed, profile, Size::SMALL)))
}

#[test]
fn references_lead_somewhere_and_names_are_unique() {
    for plan in plans() {
        let key_forms: BTreeSet<String> = plan.assemblies.iter().map(Assembly::key_form).collect();
        assert_eq!(key_forms.len(), plan.assemblies.len());
        let packages: BTreeSet<String> =
            plan.packages.iter().map(|package| package.name().to_lowercase()).collect();
        assert_eq!(packages.len(), plan.packages.len());
        for assembly in &plan.assemblies {
            if let Role::Deployment { installs } = &assembly.role {
                assert!(installs.iter().all(|id| !plan.assembly(*id).is_deployment()));
            }
        }
        let mut reached: BTreeSet<AssemblyId> =
            (0..plan.packages.len()).flat_map(|index| plan.closure(PackageId(index))).collect();
        reached.extend(plan.foreign.iter().flat_map(|foreign| plan.deployment_closure(foreign.deployment)));
        let unknown: Vec<&Assembly> = (0..plan.assemblies.len())
            .filter(|index| !reached.contains(&AssemblyId(*index)))
            .map(|index| &plan.assemblies[index])
            .collect();
        assert!(unknown.iter().all(|assembly| !assembly.is_registered), "{unknown:?}");
        assert_eq!(unknown.len(), 1);
        for (index, package) in plan.packages.iter().enumerate() {
            assert!(!package.other_owners.contains(&PackageId(index)));
        }
    }
}

#[test]
fn a_store_has_the_size_that_was_asked_for() {
    // The shapes alone are some hundred.
    for (components, payload_bytes) in [(120, 100_000), (500, 3_000_000)] {
        let plan = StorePlan::from_seed(7, Profile::Win10, Size { components, payload_bytes });
        assert!((components..components + 40).contains(&plan.assemblies.len()), "{}", plan.assemblies.len());
        let total: u64 = plan
            .assemblies
            .iter()
            .flat_map(|assembly| &assembly.files)
            .map(|file| file.content.length_bytes)
            .sum();
        assert!((payload_bytes * 8 / 10..payload_bytes * 12 / 10).contains(&total), "{total}");
    }
}

#[test]
fn a_large_store_has_as_many_packages_and_files_as_a_windows() {
    let size = Size { components: 30_000, payload_bytes: 10_000_000_000 };
    let plan = StorePlan::from_seed(1, Profile::Win11, size);
    let assemblies = plan.assemblies.len();
    let files: usize = plan.assemblies.iter().map(|assembly| assembly.files.len()).sum();
    assert!((30_000..30_040).contains(&assemblies), "{assemblies}");
    assert!((9..12).contains(&(plan.packages.len() * 100 / assemblies)), "{}", plan.packages.len());
    assert!((35..45).contains(&(files * 10 / assemblies)), "{files}");
    assert!(plan.is_consistent());
}

#[test]
fn few_bytes_give_a_small_store_and_any_bytes_give_one() {
    let empty = StorePlan::arbitrary(&mut Unstructured::new(&[])).unwrap();
    assert!(empty.assemblies.len() <= 4, "{}", empty.assemblies.len());
    for seed in 0..50 {
        let bytes = choices::random_bytes(seed, 400);
        let plan = StorePlan::arbitrary(&mut Unstructured::new(&bytes)).unwrap();
        assert!(!plan.packages.is_empty());
    }
}

#[test]
fn shapes_have_names_of_their_own() {
    let names: BTreeSet<&str> = SHAPES.iter().map(|shape| shape.name).collect();
    assert_eq!(names.len(), SHAPES.len());
}

#[test]
fn a_plan_survives_being_written_down() {
    let plan = StorePlan::from_seed(3, Profile::Win81, Size::SMALL);
    let text = serde_json::to_string(&plan).unwrap();
    assert_eq!(serde_json::from_str::<StorePlan>(&text).unwrap(), plan);
}
