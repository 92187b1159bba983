//! Messages in flight: plain calls on one 2D canvas, grouped by colour.

use wasm_bindgen::{JsCast, JsValue};
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement};

use slotscope_core::sim::FlightKind;

use crate::{
    model::{Settings, Theme},
    scene::{
        air::{Dot, Ink, is_foreground},
        layout::{HEIGHT, WIDTH},
    },
};

/// Colours that the canvas needs; the rest is in the style sheets.
struct Colours {
    ink: &'static str,
    faint: &'static str,
    crimson: &'static str,
    stage: &'static str,
}

const LIGHT: Colours =
    Colours { ink: "#161B26", faint: "#667085", crimson: "#D0103A", stage: "#FFFFFF" };
const DARK: Colours =
    Colours { ink: "#E8ECF4", faint: "#8792A5", crimson: "#FF5A6E", stage: "#10141D" };

/// Paints `dots`. `still`: they do not move, so each has an arrow and its name.
pub fn paint(canvas: &HtmlCanvasElement, dots: &[Dot], still: bool, settings: &Settings) {
    let Some(brush) = brush(canvas) else { return };
    let colours = match settings.theme {
        Theme::Light => &LIGHT,
        Theme::Dark => &DARK,
    };
    let size = if settings.projector { 9.0 } else { 4.5 };
    brush.set_line_width(if settings.projector { 3.0 } else { 1.75 });
    brush.set_text_align("center");
    brush.set_text_baseline("middle");
    // Names of heartbeats only where they do not cover each other.
    let all_named = dots.len() <= 4;
    for dot in dots {
        if let Some(left) = dot.dead {
            cross(&brush, dot, size, left, colours);
        } else if still {
            arrow(&brush, dot, colours);
            message(&brush, dot, size, colours);
            let Ink::Message(kind) = dot.ink else { continue };
            if all_named || is_foreground(kind) {
                label(&brush, dot, size, colours);
            }
        } else {
            message(&brush, dot, size, colours);
        }
    }
}

/// The canvas at the size of its box, in the stage's own pixels.
fn brush(canvas: &HtmlCanvasElement) -> Option<CanvasRenderingContext2d> {
    let context = canvas.get_context("2d").ok()??;
    let brush: CanvasRenderingContext2d = context.dyn_into().ok()?;
    let ratio = web_sys::window().map_or(1.0, |w| w.device_pixel_ratio()).clamp(1.0, 3.0);
    let (w, h) = (f64::from(canvas.client_width()), f64::from(canvas.client_height()));
    let (pixels_w, pixels_h) = (pixels(w * ratio), pixels(h * ratio));
    if canvas.width() != pixels_w || canvas.height() != pixels_h {
        canvas.set_width(pixels_w);
        canvas.set_height(pixels_h);
    }
    brush.set_transform(1.0, 0.0, 0.0, 1.0, 0.0, 0.0).ok()?;
    brush.clear_rect(0.0, 0.0, f64::from(pixels_w), f64::from(pixels_h));
    // As `preserveAspectRatio="xMidYMid meet"` does for the SVG below.
    let scale = (w / WIDTH).min(h / HEIGHT) * ratio;
    let left = (w * ratio - WIDTH * scale) / 2.0;
    let top = (h * ratio - HEIGHT * scale) / 2.0;
    brush.set_transform(scale, 0.0, 0.0, scale, left, top).ok()?;
    Some(brush)
}

fn pixels(n: f64) -> u32 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped")]
    let n = n.round().clamp(1.0, 8192.0) as u32;
    n
}

fn colour(dot: &Dot, colours: &Colours) -> &'static str {
    match dot.ink {
        Ink::Ask | Ink::Ack => colours.faint,
        Ink::Refusal | Ink::Message(FlightKind::Fail) => colours.crimson,
        Ink::Message(FlightKind::Replication) => colours.faint,
        Ink::Message(_) => colours.ink,
    }
}

fn circle(brush: &CanvasRenderingContext2d, dot: &Dot, r: f64) {
    brush.begin_path();
    // An arc of a finite radius is always accepted.
    brush.arc(dot.x, dot.y, r, 0.0, std::f64::consts::TAU).unwrap_or(());
}

fn square(brush: &CanvasRenderingContext2d, dot: &Dot, half: f64) {
    brush.begin_path();
    brush.rect(dot.x - half, dot.y - half, half * 2.0, half * 2.0);
}

fn outline(brush: &CanvasRenderingContext2d, colours: &Colours) {
    brush.set_fill_style_str(colours.stage);
    brush.fill();
    brush.stroke();
}

fn glyph(brush: &CanvasRenderingContext2d, dot: &Dot, text: &str, size: f64, ink: &str) {
    brush.set_font(&format!("700 {}px system-ui, sans-serif", size * 2.0));
    brush.set_fill_style_str(ink);
    brush.fill_text(text, dot.x, dot.y + 0.5).unwrap_or(());
}

/// Shape by type, as the notation has it.
fn message(brush: &CanvasRenderingContext2d, dot: &Dot, size: f64, colours: &Colours) {
    let ink = colour(dot, colours);
    brush.set_fill_style_str(ink);
    brush.set_stroke_style_str(ink);
    let Ink::Message(kind) = dot.ink else {
        circle(brush, dot, size * 0.55);
        return brush.fill();
    };
    match kind {
        FlightKind::Ping => {
            circle(brush, dot, size * 0.9);
            brush.fill();
        }
        FlightKind::Pong => {
            circle(brush, dot, size * 0.9);
            outline(brush, colours);
        }
        FlightKind::Meet => {
            circle(brush, dot, size * 1.3);
            outline(brush, colours);
            glyph(brush, dot, "+", size, ink);
        }
        FlightKind::Fail => {
            diamond(brush, dot, size * 1.6);
            brush.fill();
        }
        FlightKind::Publish => {
            circle(brush, dot, size * 1.3);
            outline(brush, colours);
            circle(brush, dot, size * 0.5);
            brush.fill();
        }
        FlightKind::AuthRequest => {
            square(brush, dot, size * 1.55);
            outline(brush, colours);
            glyph(brush, dot, "?", size * 1.2, ink);
        }
        FlightKind::AuthAck => {
            square(brush, dot, size * 1.55);
            brush.fill();
            glyph(brush, dot, "✓", size * 1.2, colours.stage);
        }
        FlightKind::Update => {
            triangle(brush, dot, size * 1.6);
            brush.fill();
        }
        FlightKind::MfStart | FlightKind::Module => {
            square(brush, dot, size * 1.3);
            outline(brush, colours);
            glyph(brush, dot, "⧗", size, ink);
        }
        FlightKind::Replication => {
            square(brush, dot, size * 0.4);
            brush.fill();
        }
        FlightKind::Migration => {
            square(brush, dot, size * 0.9);
            brush.fill();
        }
    }
}

fn diamond(brush: &CanvasRenderingContext2d, dot: &Dot, r: f64) {
    brush.begin_path();
    brush.move_to(dot.x, dot.y - r);
    brush.line_to(dot.x + r, dot.y);
    brush.line_to(dot.x, dot.y + r);
    brush.line_to(dot.x - r, dot.y);
    brush.close_path();
}

fn triangle(brush: &CanvasRenderingContext2d, dot: &Dot, r: f64) {
    brush.begin_path();
    brush.move_to(dot.x, dot.y - r);
    brush.line_to(dot.x + r, dot.y + r * 0.8);
    brush.line_to(dot.x - r, dot.y + r * 0.8);
    brush.close_path();
}

/// Where a message died.
fn cross(brush: &CanvasRenderingContext2d, dot: &Dot, size: f64, left: f64, colours: &Colours) {
    let r = size * 0.9;
    brush.set_global_alpha(left.clamp(0.0, 1.0));
    brush.set_stroke_style_str(colour(dot, colours));
    brush.begin_path();
    brush.move_to(dot.x - r, dot.y - r);
    brush.line_to(dot.x + r, dot.y + r);
    brush.move_to(dot.x + r, dot.y - r);
    brush.line_to(dot.x - r, dot.y + r);
    brush.stroke();
    brush.set_global_alpha(1.0);
}

/// The way of a message that stands still, with its head.
fn arrow(brush: &CanvasRenderingContext2d, dot: &Dot, colours: &Colours) {
    brush.set_stroke_style_str(colour(dot, colours));
    brush.set_global_alpha(0.55);
    brush.begin_path();
    brush.move_to(dot.from.0, dot.from.1);
    brush.line_to(dot.to.0, dot.to.1);
    let angle = (dot.to.1 - dot.from.1).atan2(dot.to.0 - dot.from.0);
    for turn in [2.7, -2.7] {
        brush.move_to(dot.to.0, dot.to.1);
        brush.line_to(dot.to.0 + 8.0 * (angle + turn).cos(), dot.to.1 + 8.0 * (angle + turn).sin());
    }
    let mut dashes = js_sys::Array::new();
    if dot.ink != Ink::Message(FlightKind::Fail) {
        dashes.extend([2.0, 4.0].map(JsValue::from_f64));
    }
    brush.set_line_dash(&dashes).unwrap_or(());
    brush.stroke();
    brush.set_line_dash(&js_sys::Array::new()).unwrap_or(());
    brush.set_global_alpha(1.0);
}

fn label(brush: &CanvasRenderingContext2d, dot: &Dot, size: f64, colours: &Colours) {
    let Ink::Message(kind) = dot.ink else { return };
    let name = match kind {
        FlightKind::Ping => "PING",
        FlightKind::Pong => "PONG",
        FlightKind::Meet => "MEET",
        FlightKind::Fail => "FAIL",
        FlightKind::Publish => "PUBLISH",
        FlightKind::AuthRequest => "AUTH_REQUEST",
        FlightKind::AuthAck => "AUTH_ACK",
        FlightKind::Update => "UPDATE",
        FlightKind::MfStart => "MFSTART",
        FlightKind::Module => "MODULE",
        FlightKind::Migration => "MIGRATE",
        FlightKind::Replication => return,
    };
    brush.set_font(&format!("600 {}px system-ui, sans-serif", (size * 2.4).max(11.0)));
    brush.set_fill_style_str(colours.stage);
    brush.set_stroke_style_str(colours.stage);
    let width = brush.line_width();
    brush.set_line_width(4.0);
    let at = (dot.x, dot.y - size * 1.6 - 8.0);
    brush.stroke_text(name, at.0, at.1).unwrap_or(());
    brush.set_line_width(width);
    brush.set_fill_style_str(colour(dot, colours));
    brush.fill_text(name, at.0, at.1).unwrap_or(());
}
