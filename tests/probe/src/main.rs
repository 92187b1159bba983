//! The probe as a program: `slotscope-probe story <seed>` prints a digest, `slotscope-probe idle
//! <seconds>` how many times faster than real time six idle nodes run.

use std::{process::ExitCode, time::Instant};

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let number = words.get(1).and_then(|word| word.parse::<u64>().ok());
    match (words.first().map(String::as_str), number) {
        (Some("story"), Some(seed)) => println!("{:016x}", slotscope_probe::story(seed)),
        (Some("idle"), Some(seconds)) => {
            let started = Instant::now();
            let digest = slotscope_probe::idle(seconds);
            let elapsed = started.elapsed().as_micros().max(1);
            let factor = u128::from(seconds) * 1_000_000 / elapsed;
            println!("{factor} {digest:016x}");
        }
        _ => {
            eprintln!("slotscope-probe story <seed> | idle <seconds>");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}
