//! stub
use mlua::{Lua, Table};
pub(super) fn table(lua: &Lua) -> mlua::Result<Table> { lua.create_table() }
