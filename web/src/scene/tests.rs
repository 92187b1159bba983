//! The stage of a real run, looked at without a screen.
