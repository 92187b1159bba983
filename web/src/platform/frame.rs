//! One call for each frame that the screen shows.

use std::{cell::RefCell, rc::Rc};

use wasm_bindgen::{JsCast, closure::Closure};

type Tick = Closure<dyn FnMut(f64)>;

/// Calls `then` with the screen's time before each frame, as long as the page lives.
pub fn every_frame(mut then: impl FnMut(f64) + 'static) {
    let tick: Rc<RefCell<Option<Tick>>> = Rc::default();
    let again = Rc::clone(&tick);
    *tick.borrow_mut() = Some(Closure::new(move |screen_ms| {
        then(screen_ms);
        request(&again);
    }));
    request(&tick);
}

fn request(tick: &Rc<RefCell<Option<Tick>>>) {
    if let (Some(window), Some(tick)) = (web_sys::window(), tick.borrow().as_ref()) {
        window.request_animation_frame(tick.as_ref().unchecked_ref()).unwrap_or(0);
    }
}
