//! Mounts the page. On the host there is nothing to mount: `cargo lab` builds and serves it.

fn main() {
    #[cfg(target_arch = "wasm32")]
    slotscope_web::start();
    #[cfg(not(target_arch = "wasm32"))]
    println!("This is the page of Slotscope; `cargo lab` builds and serves it.");
}
