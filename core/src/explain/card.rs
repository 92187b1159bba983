//! Stub
/// Stub
#[derive(Debug)]
pub struct Card;
/// Stub
#[derive(Debug)]
pub struct Guard;
/// Stub
#[derive(Debug)]
pub struct Number;
/// Stub
#[derive(Debug)]
pub struct Outcome;
/// Stub
#[derive(Debug)]
pub struct Relation;
