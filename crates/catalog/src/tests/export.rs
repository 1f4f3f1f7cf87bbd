//! Exporting: no file of a user's is lost, and none that is not whole stands in the target's place, whatever happens when.

use super::*;
use crate::export::Exported;
use crate::storage::sim::Fault;

const PART: &str = "/home/exported.part";
const USERS: &[u8] = b"a user's own";

fn world() -> World {
    SCENARIOS[1].world()
}

/// Whether the target is there; if it is, it is whole.
fn exported(world: &World) -> bool {
    let storage = Process::new(world, Plan::default());
    match Exported::open_on(&storage, Path::new(EXPORTED)) {
        Err(Error::Io { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => false,
        opened => {
            assert_eq!(opened.unwrap().read(1 << 20).unwrap(), OLD);
            true
        }
    }
}

/// A file may be saved there after the export has looked and before it is done.
#[test]
fn a_file_that_appears_meanwhile_is_kept() {
    for at in call_numbers() {
        let world = world();
        let other = world.clone();
        let save = move |call| {
            if call == at {
                other.put(Path::new(EXPORTED), USERS);
            }
        };
        let process = Process::new(&world, Plan { before: Some(Box::new(save)), ..Plan::default() });
        let result = export(&catalog_of(&process));
        let log = process.log();
        if log.len() as u64 <= at {
            assert!(result.is_ok());
            break;
        }
        assert_eq!(world.bytes(Path::new(EXPORTED)).unwrap(), USERS, "at {at}: {log:?}");
        let renamed = log.iter().position(|call| call.starts_with("rename new")).unwrap_or(log.len()) as u64;
        if at <= renamed {
            assert!(matches!(result, Err(Error::TargetExists { .. })), "at {at}: {result:?}");
            assert_eq!(world.bytes(Path::new(PART)), None, "at {at}");
        }
    }
}

#[test]
fn an_export_that_was_killed_or_failed_leaves_nothing_or_all_and_the_next_one_works() {
    const EIO: i32 = 5;
    for fault in [Fault::Die, Fault::Fail(EIO), Fault::FailLate(EIO)] {
        for at in call_numbers() {
            let world = world();
            let process = Process::new(&world, Plan { fault: Some((at, fault)), ..Plan::default() });
            let result = export(&catalog_of(&process));
            let there = exported(&world);
            assert!(there || result.is_err(), "{fault:?} at {at}");
            if matches!(fault, Fault::Fail(_)) {
                assert_eq!(world.bytes(Path::new(PART)), None, "at {at}: {result:?}");
            }
            let part = world.bytes(Path::new(PART));
            let next = export(&catalog(&world));
            match (there, part) {
                (true, _) => assert!(matches!(next, Err(Error::TargetExists { .. })), "{next:?}"),
                (false, Some(part)) => {
                    assert_eq!(next.unwrap(), [PathBuf::from(PART)]);
                    assert_eq!(world.bytes(Path::new(PART)), Some(part), "it may be somebody's");
                }
                (false, None) => assert_eq!(next.unwrap(), [] as [PathBuf; 0]),
            }
            assert!(exported(&world), "{fault:?} at {at}");
            if process.calls() <= at {
                break;
            }
        }
    }
}

/// What a disk damaged is not carried on as if it were sound.
#[test]
fn what_the_check_refuses_is_not_exported() {
    let world = world();
    let opened = catalog(&world).open(&name("a")).unwrap();
    let mut seen = Vec::new();
    let passed_over = catalog(&world).export(&opened, Path::new(EXPORTED), |offset, bytes| {
        assert_eq!(offset, seen.len() as u64);
        seen.extend_from_slice(bytes);
        Err::<(), BoxError>("damaged".into())
    });
    assert!(matches!(passed_over, Err(Error::Rejected { .. })), "{passed_over:?}");
    assert_eq!((seen, exported(&world), world.bytes(Path::new(PART))), (OLD.to_vec(), false, None));
}

/// Whoever is interrupted keeps nothing of what was copied.
#[test]
fn an_import_that_is_ended_leaves_nothing() {
    let world = world();
    export(&catalog(&world)).unwrap();
    let mut lock = catalog(&world).lock(&name("c"), Wait::No).unwrap();
    let mut copied = 0;
    let watch = |bytes| {
        copied = bytes;
        Err(BoxError::from("interrupted"))
    };
    let ended = lock.import_watched(Path::new(EXPORTED), watch, |_| Ok(()));
    assert!(matches!(ended, Err(Error::Rejected { .. })), "{ended:?}");
    assert_eq!(copied, OLD.len() as u64);
    drop(lock);
    assert!(matches!(catalog(&world).show(&name("c")), Err(Error::NoEntry { .. })));
    assert_eq!(catalog(&world).strays().unwrap(), []);
}
