// A panic within iterators and closures that ends the process, with another thread that sleeps.
use std::collections::BTreeMap;
use std::thread;
use std::time::Duration;

trait Shape {
    fn area(&self) -> u32;
}

struct Square {
    side: u32,
}

impl Shape for Square {
    fn area(&self) -> u32 {
        self.side.checked_mul(self.side).expect("no room for the area")
    }
}

fn total<'a, I: Iterator<Item = &'a Box<dyn Shape>>>(shapes: I) -> u32 {
    shapes.map(|shape| shape.area()).fold(0, |sum, area| sum.wrapping_add(area))
}

fn main() {
    let sleeper = thread::spawn(|| thread::sleep(Duration::from_secs(1000)));
    thread::sleep(Duration::from_millis(50));
    let mut groups: BTreeMap<&str, Vec<Box<dyn Shape>>> = BTreeMap::new();
    for (name, side) in [("small", 3), ("large", 70_000)] {
        groups.entry(name).or_default().push(Box::new(Square { side }));
    }
    let sums: Vec<u32> = groups.values().rev().map(|each| total(each.iter())).collect();
    println!("{sums:?}");
    sleeper.join().unwrap();
}
