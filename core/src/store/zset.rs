//! Sorted sets: members with scores, in the order of (score, member).
//!
//! Small ones are packed (members and scores in turn, in order); larger ones have a table for
//! "which score?" and a tree for "which rank?". The limits are those of Redis, because OBJECT ENCODING
//! tells which of the two it is.
//!
//! All ranges are ranges of ranks: a score or a member is turned into "how many stand before it"
//! ([`ZSet::count_before`]), and [`ZSet::range`] walks from there.

use alloc::{boxed::Box, sync::Arc};

use foldhash::fast::FixedState;
use indexmap::IndexMap;

use super::{
    Digest,
    pack::{Item, Pack},
    scan,
    tree::{Scored, Tree, order},
};
use crate::config::Packing;

/// What a member costs in table and tree beside its bytes; the same everywhere.
const MEMBER: u64 = 96;

/// Members with scores.
#[derive(Clone, Debug)]
pub(crate) struct ZSet {
    form: Form,
    bytes: u64,
    /// Members that may be packed, and bytes of one.
    max: (usize, usize),
}

impl Default for ZSet {
    fn default() -> Self {
        let max = (Packing::DEFAULT.zset_entries, Packing::DEFAULT.zset_bytes);
        Self { form: Form::default(), bytes: 0, max }
    }
}

#[derive(Clone, Debug)]
enum Form {
    Packed(Pack),
    Large(Box<Large>),
}

#[derive(Clone, Debug, Default)]
struct Large {
    scores: IndexMap<Arc<[u8]>, f64, FixedState>,
    tree: Tree,
}

impl Default for Form {
    fn default() -> Self {
        Self::Packed(Pack::default())
    }
}

/// Equal members with equal scores, whatever the form.
impl PartialEq for ZSet {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().eq(other.iter())
    }
}

impl ZSet {
    /// How many members.
    pub fn len(&self) -> usize {
        match &self.form {
            Form::Packed(pack) => pack.len() / 2,
            Form::Large(large) => large.tree.len(),
        }
    }

    /// Whether there is no member.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// An empty one that is not packed, however small it stays: it keeps the sign of a zero.
    pub fn unpacked() -> Self {
        Self { form: Form::Large(Box::default()), ..Self::default() }
    }

    /// The same, packed if it is small enough.
    pub fn packed(self) -> Self {
        if !self.is_small() {
            return self;
        }
        let mut packed = Self { max: self.max, ..Self::default() };
        for (member, score) in self.iter() {
            packed.insert(member, score);
        }
        packed
    }

    fn is_small(&self) -> bool {
        let (members, bytes) = self.max;
        self.len() <= members && self.iter().all(|(member, _)| member.len() <= bytes)
    }

    /// Takes other limits; a pack that is beyond them is one no more.
    pub fn limit(&mut self, packing: &Packing) {
        self.max = (packing.zset_entries, packing.zset_bytes);
        if self.is_packed() && !self.is_small() {
            self.spread();
        }
    }

    /// What OBJECT ENCODING answers.
    pub const fn encoding(&self) -> &'static str {
        match self.form {
            Form::Packed(_) => "listpack",
            Form::Large(_) => "skiplist",
        }
    }

    /// Whether it is small enough to stand in one piece.
    pub const fn is_packed(&self) -> bool {
        matches!(self.form, Form::Packed(_))
    }

    /// Its bytes in memory, for estimates.
    pub const fn size(&self) -> u64 {
        self.bytes
    }

    /// The score of a member.
    pub fn score(&self, member: &[u8]) -> Option<f64> {
        match &self.form {
            Form::Packed(pack) => find(pack, member).map(|found| found.score),
            Form::Large(large) => large.scores.get(member).copied(),
        }
    }

    /// Sets the score of a member; the one it had. An equal score (0 and -0 are) changes nothing.
    pub fn insert(&mut self, member: &[u8], score: f64) -> Option<f64> {
        debug_assert!(!score.is_nan(), "commands refuse NaN");
        if let Form::Packed(pack) = &mut self.form {
            let old = find(pack, member);
            if let Some(old) = old {
                if old.score == score {
                    return Some(old.score);
                }
                pack.remove(old.from, old.to, 2);
                pack_insert(pack, member, score);
                return Some(old.score);
            }
            if pack.len() / 2 < self.max.0 && member.len() <= self.max.1 {
                pack_insert(pack, member, score);
                self.bytes = pack.size() as u64;
                return None;
            }
            self.spread();
        }
        let Form::Large(large) = &mut self.form else { return None };
        match large.scores.get_full_mut(member) {
            Some((_, _, old)) if *old == score => Some(score),
            Some((_, name, old)) => {
                let member = Arc::clone(name);
                let old = core::mem::replace(old, score);
                large.tree.remove(old, &member);
                large.tree.insert(Scored { score, member });
                Some(old)
            }
            None => {
                self.bytes += cost(member);
                let member: Arc<[u8]> = Arc::from(member);
                large.scores.insert(Arc::clone(&member), score);
                large.tree.insert(Scored { score, member });
                None
            }
        }
    }

    /// Takes a member away; the score it had.
    pub fn remove(&mut self, member: &[u8]) -> Option<f64> {
        match &mut self.form {
            Form::Packed(pack) => {
                let found = find(pack, member)?;
                pack.remove(found.from, found.to, 2);
                self.bytes = pack.size() as u64;
                Some(found.score)
            }
            Form::Large(large) => {
                let score = large.scores.swap_remove(member)?;
                large.tree.remove(score, member);
                self.bytes -= cost(member);
                Some(score)
            }
        }
    }

    /// How many members come before this one.
    pub fn rank(&self, member: &[u8]) -> Option<usize> {
        let score = self.score(member)?;
        Some(match &self.form {
            Form::Packed(_) => self.iter().take_while(|(other, _)| *other != member).count(),
            Form::Large(large) => large.tree.rank(score, member),
        })
    }

    /// How many members stand before the first for which `is_before` is false. It must be true for
    /// a part at the beginning and false for the rest.
    pub fn count_before(&self, is_before: impl Fn(&[u8], f64) -> bool) -> usize {
        match &self.form {
            Form::Packed(_) => {
                self.iter().take_while(|(member, score)| is_before(member, *score)).count()
            }
            Form::Large(large) => {
                large.tree.count_before(|item| is_before(&item.member, item.score))
            }
        }
    }

    /// All members with scores, in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&[u8], f64)> + '_ {
        self.range(0, self.len())
    }

    /// The members from rank `from` to before `to`, in order; also from the end.
    pub fn range(
        &self,
        from: usize,
        to: usize,
    ) -> impl DoubleEndedIterator<Item = (&[u8], f64)> + '_ {
        let to = to.min(self.len());
        let from = from.min(to);
        let (packed, large) = match &self.form {
            Form::Packed(pack) => (Some(pack), None),
            Form::Large(large) => (None, Some(large)),
        };
        let packed = packed.into_iter().flat_map(move |pack| pairs(pack, from, to));
        let large = large.into_iter().flat_map(move |large| large.tree.range(from, to));
        packed.chain(large.map(|item| (&*item.member, item.score)))
    }

    /// A member by its number in the order of arrival, for drawing at random.
    pub fn at(&self, index: usize) -> Option<(&[u8], f64)> {
        match &self.form {
            Form::Packed(pack) => pairs(pack, index, index.checked_add(1)?).next(),
            Form::Large(large) => {
                large.scores.get_index(index).map(|(member, score)| (&**member, *score))
            }
        }
    }

    /// One step of ZSCAN; the next cursor.
    pub fn scan(&self, cursor: u64, count: usize, mut visit: impl FnMut(&[u8], f64)) -> u64 {
        match &self.form {
            Form::Packed(_) => {
                self.iter().for_each(|(member, score)| visit(member, score));
                0
            }
            Form::Large(large) => scan::down(cursor, count, large.scores.len(), |at| {
                if let Some((member, score)) = large.scores.get_index(at) {
                    visit(member, *score);
                }
            }),
        }
    }

    /// Takes its content into a digest; the form does not count.
    pub(super) fn feed(&self, hash: &mut Digest) {
        hash.number(3);
        for (member, score) in self.iter() {
            hash.bytes(member);
            // 0 and -0 are the same score.
            hash.number((score + 0.0).to_bits());
        }
    }

    /// From packed to table and tree; there is no way back.
    fn spread(&mut self) {
        let mut large = Box::<Large>::default();
        self.bytes = 0;
        for (member, score) in self.iter() {
            let member: Arc<[u8]> = Arc::from(member);
            large.scores.insert(Arc::clone(&member), score);
            large.tree.insert(Scored { score, member });
        }
        self.bytes = large.scores.keys().map(|member| cost(member)).sum();
        self.form = Form::Large(large);
    }
}

const fn cost(member: &[u8]) -> u64 {
    MEMBER + member.len() as u64
}

/// A packed member: its score, and from where to where the two stand.
#[derive(Clone, Copy)]
struct Found {
    score: f64,
    from: usize,
    to: usize,
}

fn find(pack: &Pack, member: &[u8]) -> Option<Found> {
    let mut items = pack.iter();
    while let (Some(name), Some(score)) = (items.next(), items.next()) {
        if name.bytes == member {
            return Some(Found { score: number(score), from: name.from, to: score.to });
        }
    }
    None
}

fn number(item: Item<'_>) -> f64 {
    <[u8; 8]>::try_from(item.bytes).map_or(0.0, f64::from_le_bytes)
}

/// The packed members from rank `from` to before `to`.
fn pairs(
    pack: &Pack,
    from: usize,
    to: usize,
) -> impl DoubleEndedIterator<Item = (&[u8], f64)> + '_ {
    // Both ends are cut off here, so that the rest can be walked from either of them.
    let mut items = pack.iter();
    let len = pack.len() / 2;
    let to = to.min(len);
    for _ in 0..2 * from.min(to) {
        items.next();
    }
    for _ in 0..2 * (len - to) {
        items.next_back();
    }
    Pairs(items)
}

struct Pairs<'a>(super::pack::Items<'a>);

impl<'a> Iterator for Pairs<'a> {
    type Item = (&'a [u8], f64);

    fn next(&mut self) -> Option<Self::Item> {
        let member = self.0.next()?;
        Some((member.bytes, number(self.0.next()?)))
    }
}

impl DoubleEndedIterator for Pairs<'_> {
    fn next_back(&mut self) -> Option<Self::Item> {
        let score = self.0.next_back()?;
        Some((self.0.next_back()?.bytes, number(score)))
    }
}

fn pack_insert(pack: &mut Pack, member: &[u8], score: f64) {
    let mut items = pack.iter();
    let mut at = pack.size();
    while let (Some(name), Some(other)) = (items.next(), items.next()) {
        if order(number(other), name.bytes, score, member).is_gt() {
            at = name.from;
            break;
        }
    }
    // As in Redis, a packed score has no negative zero.
    pack.insert(at, &(score + 0.0).to_le_bytes());
    pack.insert(at, member);
}
