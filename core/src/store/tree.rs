//! Members by score: an ordered tree that counts, so that a rank is found as quickly as a member.
//!
//! A B-tree whose inner nodes know, for each child, its lowest item and how many items it has.
//! Nodes are shared between clones until one of them changes: a change copies the path to one leaf.
//!
//! Scores compare as numbers (so -0 equals 0), and members with equal scores compare by their
//! bytes. No score is NaN; commands see to that.

use alloc::{sync::Arc, vec::Vec};
use core::cmp::Ordering;

/// Items of a leaf, children of an inner node: the most there may be.
const WIDEST: usize = 64;
/// A node with fewer is joined with its neighbour if both fit into one.
const NARROW: usize = WIDEST / 4;

/// A member with its score.
#[derive(Clone, Debug)]
pub(super) struct Scored {
    pub score: f64,
    pub member: Arc<[u8]>,
}

/// Items in order.
#[derive(Clone, Debug)]
pub(super) struct Tree {
    root: Arc<Node>,
    len: usize,
}

#[derive(Clone, Debug)]
enum Node {
    Leaf(Vec<Scored>),
    Inner(Vec<Child>),
}

#[derive(Clone, Debug)]
struct Child {
    low: Scored,
    len: usize,
    node: Arc<Node>,
}

impl Default for Tree {
    fn default() -> Self {
        Self { root: Arc::new(Node::Leaf(Vec::new())), len: 0 }
    }
}

/// The order of a sorted set.
pub(super) fn order(score: f64, member: &[u8], other_score: f64, other: &[u8]) -> Ordering {
    score.partial_cmp(&other_score).unwrap_or(Ordering::Equal).then_with(|| member.cmp(other))
}

impl Scored {
    fn against(&self, score: f64, member: &[u8]) -> Ordering {
        order(self.score, &self.member, score, member)
    }
}

impl Tree {
    /// How many items.
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Adds an item that is not there yet.
    pub fn insert(&mut self, item: Scored) {
        let root = Arc::make_mut(&mut self.root);
        if let Some(right) = root.insert(item) {
            let left = core::mem::replace(root, Node::Inner(Vec::new()));
            *root = Node::Inner(Vec::from_iter(
                [Child::of(left), Child::of(right)].into_iter().flatten(),
            ));
        }
        self.len += 1;
    }

    /// Takes an item away; whether it was there.
    pub fn remove(&mut self, score: f64, member: &[u8]) -> bool {
        let root = Arc::make_mut(&mut self.root);
        let there = root.remove(score, member);
        if there {
            self.len -= 1;
        }
        while let Node::Inner(children) = &*self.root
            && let [only] = children.as_slice()
        {
            self.root = Arc::clone(&only.node);
        }
        there
    }

    /// How many items stand before the first for which `is_before` is false. It must be true for a
    /// part at the beginning and false for the rest.
    pub fn count_before(&self, is_before: impl Fn(&Scored) -> bool) -> usize {
        let mut node = &*self.root;
        let mut count = 0;
        loop {
            match node {
                Node::Leaf(items) => return count + items.partition_point(&is_before),
                Node::Inner(children) => {
                    let at = children.partition_point(|child| is_before(&child.low));
                    let Some(last) = at.checked_sub(1) else { return count };
                    count += children[..last].iter().map(|child| child.len).sum::<usize>();
                    node = &children[last].node;
                }
            }
        }
    }

    /// How many items come before this one.
    pub fn rank(&self, score: f64, member: &[u8]) -> usize {
        self.count_before(|item| item.against(score, member).is_lt())
    }

    /// The items from number `from` to before `to`, from either end.
    pub fn range(&self, from: usize, to: usize) -> Range<'_> {
        let to = to.min(self.len);
        let from = from.min(to);
        Range { tree: self, from, to, front: (from, &[]), back: (to, &[]) }
    }

    /// The leaf that holds item number `index`, and the number of its first one.
    fn leaf(&self, index: usize) -> (usize, &[Scored]) {
        let (mut node, mut first) = (&*self.root, 0);
        loop {
            match node {
                Node::Leaf(items) => return (first, items),
                Node::Inner(children) => {
                    let mut chosen = None;
                    for child in children {
                        if index < first + child.len {
                            chosen = Some(child);
                            break;
                        }
                        first += child.len;
                    }
                    let Some(child) = chosen else { return (first, &[]) };
                    node = &child.node;
                }
            }
        }
    }
}

impl Node {
    /// Adds an item; the right half if the node became too wide.
    fn insert(&mut self, item: Scored) -> Option<Self> {
        match self {
            Self::Leaf(items) => {
                let at = items.partition_point(|one| one.against(item.score, &item.member).is_lt());
                items.insert(at, item);
                // Rising scores are common: then full nodes stay behind, not half-full ones.
                let cut = if at + 1 == items.len() { WIDEST } else { WIDEST / 2 };
                (items.len() > WIDEST).then(|| Self::Leaf(items.split_off(cut)))
            }
            Self::Inner(children) => {
                let after = children
                    .partition_point(|child| child.low.against(item.score, &item.member).is_le());
                let at = after.saturating_sub(1);
                let child = &mut children[at];
                if after == 0 {
                    child.low = item.clone();
                }
                child.len += 1;
                if let Some(right) = Arc::make_mut(&mut child.node).insert(item) {
                    child.len -= right.count();
                    if let Some(right) = Child::of(right) {
                        children.insert(at + 1, right);
                    }
                }
                let cut = if at + 2 == children.len() { WIDEST } else { WIDEST / 2 };
                (children.len() > WIDEST).then(|| Self::Inner(children.split_off(cut)))
            }
        }
    }

    fn remove(&mut self, score: f64, member: &[u8]) -> bool {
        match self {
            Self::Leaf(items) => {
                let place = items.binary_search_by(|one| one.against(score, member));
                let Ok(at) = place else { return false };
                items.remove(at);
                true
            }
            Self::Inner(children) => {
                let after =
                    children.partition_point(|child| child.low.against(score, member).is_le());
                let Some(at) = after.checked_sub(1) else { return false };
                let child = &mut children[at];
                let node = Arc::make_mut(&mut child.node);
                if !node.remove(score, member) {
                    return false;
                }
                child.len -= 1;
                match node.low().cloned() {
                    Some(low) => child.low = low,
                    None => drop(children.remove(at)),
                }
                if children.get(at).is_some_and(|child| child.node.width() < NARROW) {
                    join(children, at);
                }
                true
            }
        }
    }

    fn low(&self) -> Option<&Scored> {
        match self {
            Self::Leaf(items) => items.first(),
            Self::Inner(children) => children.first().map(|child| &child.low),
        }
    }

    fn width(&self) -> usize {
        match self {
            Self::Leaf(items) => items.len(),
            Self::Inner(children) => children.len(),
        }
    }

    fn count(&self) -> usize {
        match self {
            Self::Leaf(items) => items.len(),
            Self::Inner(children) => children.iter().map(|child| child.len).sum(),
        }
    }
}

impl Child {
    /// `None` for an empty node, which no tree keeps below its root.
    fn of(node: Node) -> Option<Self> {
        Some(Self { low: node.low()?.clone(), len: node.count(), node: Arc::new(node) })
    }
}

/// Joins child `at` with a neighbour if both fit into one node.
fn join(children: &mut Vec<Child>, at: usize) {
    let left = if at + 1 < children.len() { at } else { at.saturating_sub(1) };
    let Some(right) = children.get(left + 1) else { return };
    if children[left].node.width() + right.node.width() > WIDEST {
        return;
    }
    let right = children.remove(left + 1);
    let into = &mut children[left];
    into.len += right.len;
    match (Arc::make_mut(&mut into.node), &*right.node) {
        (Node::Leaf(items), Node::Leaf(more)) => items.extend_from_slice(more),
        (Node::Inner(nodes), Node::Inner(more)) => nodes.extend_from_slice(more),
        (Node::Leaf(_), Node::Inner(_)) | (Node::Inner(_), Node::Leaf(_)) => {
            unreachable!("all leaves have the same depth")
        }
    }
}

/// Items between two numbers; it finds a leaf once and walks through it.
#[derive(Clone, Debug)]
pub(super) struct Range<'a> {
    tree: &'a Tree,
    from: usize,
    to: usize,
    /// The leaves that the two ends are in, with the numbers of their first items.
    front: (usize, &'a [Scored]),
    back: (usize, &'a [Scored]),
}

impl<'a> Iterator for Range<'a> {
    type Item = &'a Scored;

    fn next(&mut self) -> Option<&'a Scored> {
        if self.from >= self.to {
            return None;
        }
        if self.from >= self.front.0 + self.front.1.len() {
            self.front = self.tree.leaf(self.from);
        }
        let item = self.front.1.get(self.from - self.front.0);
        self.from += 1;
        item
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.to - self.from, Some(self.to - self.from))
    }
}

impl DoubleEndedIterator for Range<'_> {
    fn next_back(&mut self) -> Option<Self::Item> {
        if self.from >= self.to {
            return None;
        }
        self.to -= 1;
        if self.to < self.back.0 || self.to >= self.back.0 + self.back.1.len() {
            self.back = self.tree.leaf(self.to);
        }
        self.back.1.get(self.to - self.back.0)
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use proptest::prelude::*;

    use super::*;

    fn depth_is_even(node: &Node) -> usize {
        match node {
            Node::Leaf(_) => 1,
            Node::Inner(children) => {
                let depths: Vec<usize> = children
                    .iter()
                    .map(|child| {
                        assert_eq!(child.len, child.node.count());
                        let low = child.node.low().expect("no empty child");
                        assert!(low.against(child.low.score, &child.low.member).is_eq());
                        assert!(child.node.width() <= WIDEST);
                        depth_is_even(&child.node)
                    })
                    .collect();
                assert!(depths.windows(2).all(|pair| pair[0] == pair[1]));
                1 + depths[0]
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn it_is_an_ordered_set(
            ops in proptest::collection::vec((0..3u8, 0..12i8, 0..200u8), 1..3000),
        ) {
            let (mut tree, mut model) = (Tree::default(), Vec::<(i8, u8)>::new());
            let snapshot = tree.clone();
            for (op, score, member) in ops {
                let place = model.binary_search(&(score, member));
                match (op, place) {
                    (0 | 1, Err(at)) => {
                        model.insert(at, (score, member));
                        tree.insert(Scored { score: score.into(), member: [member].into() });
                    }
                    (2, place) => {
                        prop_assert_eq!(tree.remove(score.into(), &[member]), place.is_ok());
                        if let Ok(at) = place {
                            prop_assert_eq!(tree.rank(score.into(), &[member]), at);
                            model.remove(at);
                        }
                    }
                    _ => {}
                }
                prop_assert_eq!(tree.len(), model.len());
            }
            depth_is_even(&tree.root);
            let there = |item: &Scored| (item.score, item.member[0]);
            let wanted: Vec<(f64, u8)> = model.iter().map(|(s, m)| (f64::from(*s), *m)).collect();
            let all: Vec<_> = tree.range(0, usize::MAX).map(there).collect();
            prop_assert_eq!(&all, &wanted);
            let mut back: Vec<_> = tree.range(0, usize::MAX).rev().map(there).collect();
            back.reverse();
            prop_assert_eq!(&back, &wanted);
            for from in (0..wanted.len()).step_by(37) {
                let to = (from + 50).min(wanted.len());
                let part: Vec<_> = tree.range(from, to).map(there).collect();
                prop_assert_eq!(&part, &wanted[from..to]);
                prop_assert_eq!(tree.rank(wanted[from].0, &[wanted[from].1]), from);
            }
            while let Some((score, member)) = model.pop() {
                prop_assert!(tree.remove(score.into(), &[member]));
            }
            prop_assert_eq!(tree.range(0, 9).count(), 0);
            prop_assert_eq!(snapshot.len(), 0);
        }
    }
}
