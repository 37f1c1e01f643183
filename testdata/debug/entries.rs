//! Entries of Rust for `tools/oracle/debug/entries`: enumerations with values, generic types and
//! closures.
#![crate_type = "lib"]
#![no_std]

pub enum Shape<T> {
    Point,
    Circle { radius: T },
    Pair(T, u16),
}

pub trait Area {
    fn area(&self) -> f64;
}

impl Area for Shape<f64> {
    fn area(&self) -> f64 {
        match self {
            Shape::Point => 0.0,
            Shape::Circle { radius } => radius * radius * 3.0,
            Shape::Pair(width, height) => width * f64::from(*height),
        }
    }
}

#[inline(never)]
pub fn total(shapes: &[Shape<f64>], name: &str, limit: Option<&u32>) -> f64 {
    let scale = |value: f64| value * name.len() as f64;
    let mut sum = 0.0;
    for (index, shape) in shapes.iter().enumerate() {
        if limit.is_some_and(|most| index as u32 >= *most) {
            break;
        }
        sum += scale(shape.area());
    }
    sum
}

pub fn wide(value: u128) -> (i8, u128) {
    (value as i8, value >> 3)
}
