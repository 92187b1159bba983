//! The address: which screen, and what it was asked to show.

/// A screen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Route {
    /// The 60-second story.
    #[default]
    Start,
    /// The free stage, perhaps with a run from a link.
    Lab {
        /// A packed run.
        run: Option<String>,
    },
    /// A lesson.
    Lesson {
        /// Two digits.
        id: String,
    },
}

impl Route {
    /// The screen of a fragment; unknown ones lead to the start.
    #[must_use]
    pub fn of_fragment(fragment: &str) -> Self {
        let path = fragment.trim_start_matches('#');
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let mut parts = path.split('/').filter(|p| !p.is_empty());
        match (parts.next(), parts.next()) {
            (Some("lab"), None) => {
                let run = query.split('&').find_map(|pair| pair.strip_prefix("run="));
                Self::Lab { run: run.map(str::to_string) }
            }
            // There is one lesson so far; the bare course page leads to it.
            (Some("learn"), None) => Self::Lesson { id: "09".into() },
            (Some("learn"), Some(id))
                if id.len() == 2 && id.bytes().all(|b| b.is_ascii_digit()) =>
            {
                Self::Lesson { id: id.into() }
            }
            _ => Self::Start,
        }
    }

    /// The fragment of a screen.
    #[must_use]
    pub fn fragment(&self) -> String {
        match self {
            Self::Start => "#/".into(),
            Self::Lab { run: None } => "#/lab".into(),
            Self::Lab { run: Some(run) } => format!("#/lab?run={run}"),
            Self::Lesson { id } => format!("#/learn/{id}"),
        }
    }

    /// The stable name that tests and style sheets use.
    #[must_use]
    pub const fn id(&self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Lab { .. } => "lab",
            Self::Lesson { .. } => "lesson",
        }
    }
}

/// What stands before the fragment: `?profile=projector&lang=zh`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query<'a>(pub &'a str);

impl<'a> Query<'a> {
    /// The value of a name.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&'a str> {
        let pairs = self.0.trim_start_matches('?').split('&');
        pairs.filter_map(|pair| pair.split_once('=')).find(|(n, _)| *n == name).map(|(_, v)| v)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fragments_lead_where_they_say() {
        let routes = [
            ("#/", Route::Start),
            ("#/lab", Route::Lab { run: None }),
            ("#/lab?run=1Ab-_", Route::Lab { run: Some("1Ab-_".into()) }),
            ("#/learn/09", Route::Lesson { id: "09".into() }),
        ];
        for (fragment, route) in routes {
            assert_eq!(Route::of_fragment(fragment), route);
            assert_eq!(route.fragment(), fragment);
        }
        for other in ["", "#", "#/nowhere", "#/learn/../x", "#/lab/x"] {
            assert_eq!(Route::of_fragment(other), Route::Start, "{other}");
        }
    }

    #[test]
    fn a_query_is_read_by_name() {
        let query = Query("?profile=projector&lang=zh");
        assert_eq!(query.value("lang"), Some("zh"));
        assert_eq!(query.value("theme"), None);
    }
}
