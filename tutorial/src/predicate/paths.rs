//! Places in the state: how they are written.

use super::{
    PredicateError,
    ast::{Path, Term},
    parser::Parser,
    schema::{CLUSTER, LEDGER, NODE, VIEW},
};

impl Parser<'_> {
    /// The place that begins with `name` (already read); `None` if it begins none.
    pub(super) fn path(
        &mut self,
        name: &str,
        ledger: bool,
    ) -> Result<Option<Path>, PredicateError> {
        if ledger {
            return Ok(LEDGER
                .iter()
                .find(|field| **field == name)
                .map(|field| Path::Ledger(field)));
        }
        Ok(Some(match name {
            "cluster" => {
                self.want(".")?;
                Path::Cluster(self.field(CLUSTER)?)
            }
            "node" => {
                let node = self.argument()?;
                self.want(".")?;
                Path::Node(node, self.field(NODE)?)
            }
            "view" => self.view()?,
            "slots" => {
                let node = self.argument()?;
                if self.eat(".") {
                    self.field(&["count"])?;
                    Path::SlotCount(node)
                } else {
                    Path::Slots(node)
                }
            }
            "replicas_ok" => Path::ReplicasOk(self.argument()?),
            "voters" => Path::Voters,
            _ => return Ok(None),
        }))
    }

    /// `view(a).of(b).role`, `view(a).knows(b)`, `view(a).owner(10923)`
    fn view(&mut self) -> Result<Path, PredicateError> {
        let by = self.argument()?;
        self.want(".")?;
        match self.field(&["of", "knows", "owner"])? {
            "knows" => Ok(Path::Knows(by, self.argument()?)),
            "owner" => Ok(Path::Owner(by, self.argument()?)),
            _ => {
                let of = self.argument()?;
                // `view(a).of(b) == fail` asks for the health.
                if !self.eat(".") {
                    return Ok(Path::Of(by, of, "health"));
                }
                Ok(Path::Of(by, of, self.field(VIEW)?))
            }
        }
    }

    fn argument(&mut self) -> Result<Box<Term>, PredicateError> {
        self.want("(")?;
        let term = self.term()?;
        self.want(")")?;
        Ok(Box::new(term))
    }
}
