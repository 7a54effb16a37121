//! Bugs of ssmlint itself: a panic is caught where it costs least, and is told with its place.

use std::any::Any;
use std::fmt;
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind, resume_unwind};
use std::sync::{Mutex, PoisonError};

/// A panic that was caught.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bug {
    /// What the panic says.
    pub message: String,
    /// Where it happened in the code of ssmlint, `src/eval/expr.rs:10:5`; none when no hook noted it.
    pub place: Option<String>,
}

/// What to do about one.
pub const PLEASE_REPORT: &str = concat!(
    "This is a bug in ssmlint; please report it with the code that shows it at ",
    env!("CARGO_PKG_REPOSITORY"),
    "/issues"
);

/// Places by what the panics there said. A panic may reach whoever catches it on another thread.
static PLACES: Mutex<Vec<(String, String)>> = Mutex::new(Vec::new());

/// Places that are kept: the same bug in every root says the same.
const KEPT: usize = 100;

/// The panic as a bug, with its place, which only a panic hook is told. The hook of a program calls this, so that
/// [`caught`] can tell the place too.
pub fn noted(panic: &PanicHookInfo<'_>) -> Bug {
    let message = said(panic.payload());
    let place = panic.location().map(ToString::to_string);
    let mut places = PLACES.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(place) = &place
        && places.len() < KEPT
        && places.iter().all(|(known, _)| *known != message)
    {
        places.push((message.clone(), place.clone()));
    }
    Bug { message, place }
}

/// Runs what may have a bug. What it shares with others must hold whenever it stops.
pub fn caught<T>(run: impl FnOnce() -> T) -> Result<T, Bug> {
    catch_unwind(AssertUnwindSafe(run)).map_err(|panic| match panic.downcast::<Bug>() {
        Ok(again) => *again,
        Err(panic) => {
            let message = said(panic.as_ref());
            let places = PLACES.lock().unwrap_or_else(PoisonError::into_inner);
            let place = places.iter().find(|(known, _)| *known == message).map(|(_, place)| place.clone());
            Bug { message, place }
        }
    })
}

/// Stops with a bug that was caught before, for those that it costs something.
pub fn again(bug: &Bug) -> ! {
    resume_unwind(Box::new(bug.clone()))
}

impl fmt::Display for Bug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Some(place) => write!(f, "internal error at {place}: {}", self.message),
            None => write!(f, "internal error: {}", self.message),
        }
    }
}

fn said(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message").to_owned()
}
