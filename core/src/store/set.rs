//! Sets: members without order.
//!
//! While all members are integers and few, they stand as numbers in ascending order; else there is
//! a table in insertion order. The limit is that of Redis, because OBJECT ENCODING tells which of the
//! two it is.

use alloc::{boxed::Box, vec::Vec};
use core::ops::Deref;

use foldhash::fast::FixedState;
use indexmap::IndexSet;

use super::{Digest, scan};
use crate::{config::Packing, resp::parse_i64};

/// What a member costs in a table beside its bytes; a constant, so that it is the same everywhere.
const MEMBER: u64 = 40;

type Table = IndexSet<Box<[u8]>, FixedState>;

/// Members.
#[derive(Clone, Debug)]
pub(crate) struct Set {
    form: Form,
    bytes: u64,
    /// Integers that may stand as numbers.
    max: usize,
}

impl Default for Set {
    fn default() -> Self {
        Self { form: Form::default(), bytes: 0, max: Packing::DEFAULT.set_numbers }
    }
}

/// Equal forms with equal content.
impl PartialEq for Set {
    fn eq(&self, other: &Self) -> bool {
        self.form == other.form
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Form {
    /// Ascending.
    Numbers(Vec<i64>),
    Table(Table),
}

impl Default for Form {
    fn default() -> Self {
        Self::Numbers(Vec::new())
    }
}

impl Set {
    /// How many members.
    pub fn len(&self) -> usize {
        match &self.form {
            Form::Numbers(numbers) => numbers.len(),
            Form::Table(table) => table.len(),
        }
    }

    /// Whether there is no member.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What OBJECT ENCODING answers.
    pub const fn encoding(&self) -> &'static str {
        match self.form {
            Form::Numbers(_) => "intset",
            Form::Table(_) => "hashtable",
        }
    }

    /// Whether its members stand as numbers.
    pub const fn is_numbers(&self) -> bool {
        matches!(self.form, Form::Numbers(_))
    }

    /// Its bytes in memory, for estimates.
    pub const fn size(&self) -> u64 {
        self.bytes
    }

    /// Whether it has a member.
    pub fn contains(&self, member: &[u8]) -> bool {
        match &self.form {
            Form::Numbers(numbers) => {
                parse_i64(member).is_some_and(|n| numbers.binary_search(&n).is_ok())
            }
            Form::Table(table) => table.contains(member),
        }
    }

    /// Adds a member; whether it is new.
    pub fn insert(&mut self, member: &[u8]) -> bool {
        if let Form::Numbers(numbers) = &mut self.form {
            match parse_i64(member) {
                Some(n) => {
                    let Err(at) = numbers.binary_search(&n) else { return false };
                    numbers.insert(at, n);
                    self.bytes += 8;
                    if numbers.len() > self.max {
                        self.spread();
                    }
                    return true;
                }
                None => self.spread(),
            }
        }
        let Form::Table(table) = &mut self.form else { return false };
        if table.contains(member) {
            return false;
        }
        self.bytes += cost(member);
        table.insert(Box::from(member))
    }

    /// Takes a member away; whether it was there.
    pub fn remove(&mut self, member: &[u8]) -> bool {
        match &mut self.form {
            Form::Numbers(numbers) => {
                let place = parse_i64(member).and_then(|n| numbers.binary_search(&n).ok());
                let Some(at) = place else { return false };
                numbers.remove(at);
                self.bytes -= 8;
                true
            }
            Form::Table(table) => {
                let there = table.swap_remove(member);
                if there {
                    self.bytes -= cost(member);
                }
                there
            }
        }
    }

    /// All members: numbers ascending, others in order of arrival (a removal moves the last one
    /// into the gap).
    pub fn iter(&self) -> impl Iterator<Item = Member<'_>> + '_ {
        let (numbers, table) = match &self.form {
            Form::Numbers(numbers) => (numbers.as_slice(), None),
            Form::Table(table) => (&[][..], Some(table)),
        };
        let numbers = numbers.iter().map(|n| Member::number(*n));
        numbers.chain(table.into_iter().flatten().map(|member| Member(Text::Bytes(member))))
    }

    /// Member number `index` of [`Self::iter`].
    pub fn at(&self, index: usize) -> Option<Member<'_>> {
        match &self.form {
            Form::Numbers(numbers) => numbers.get(index).map(|n| Member::number(*n)),
            Form::Table(table) => table.get_index(index).map(|member| Member(Text::Bytes(member))),
        }
    }

    /// One step of SSCAN; the next cursor.
    pub fn scan(&self, cursor: u64, count: usize, mut visit: impl FnMut(&[u8])) -> u64 {
        match &self.form {
            Form::Numbers(_) => {
                self.iter().for_each(|member| visit(&member));
                0
            }
            Form::Table(table) => scan::down(cursor, count, table.len(), |at| {
                if let Some(member) = table.get_index(at) {
                    visit(member);
                }
            }),
        }
    }

    /// Takes its content into a digest; order and form do not count.
    pub(super) fn feed(&self, hash: &mut Digest) {
        hash.number(2);
        hash.number(self.iter().fold(0, |sum: u64, member| {
            let mut one = Digest::new();
            one.bytes(&member);
            sum.wrapping_add(one.finish())
        }));
    }

    /// Takes another limit; more numbers than that become a table.
    pub fn limit(&mut self, packing: &Packing) {
        self.max = packing.set_numbers;
        if self.is_numbers() && self.len() > self.max {
            self.spread();
        }
    }

    /// From numbers to table; there is no way back.
    fn spread(&mut self) {
        let table: Table = self.iter().map(|member| Box::from(&*member)).collect();
        self.bytes = table.iter().map(|member| cost(member)).sum();
        self.form = Form::Table(table);
    }
}

const fn cost(member: &[u8]) -> u64 {
    MEMBER + member.len() as u64
}

/// One member's bytes, also where the set keeps a number.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Member<'a>(Text<'a>);

#[derive(Clone, Copy, Debug)]
enum Text<'a> {
    Bytes(&'a [u8]),
    Digits([u8; 20], u8),
}

impl Member<'_> {
    fn number(n: i64) -> Self {
        let mut room = itoa::Buffer::new();
        let digits = room.format(n).as_bytes();
        let mut kept = [0; 20];
        kept[..digits.len()].copy_from_slice(digits);
        Self(Text::Digits(kept, u8::try_from(digits.len()).unwrap_or(20)))
    }
}

impl AsRef<[u8]> for Member<'_> {
    fn as_ref(&self) -> &[u8] {
        self
    }
}

impl Deref for Member<'_> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match &self.0 {
            Text::Bytes(bytes) => bytes,
            Text::Digits(digits, len) => &digits[..usize::from(*len)],
        }
    }
}
