//! Finds room for things beside their anchors: in go wishes in order of importance, out comes a place for each that fits,
//! none over another. What has a place keeps it as long as it can, so that nothing jitters when the camera moves.

use std::collections::HashMap;

use egui::{Pos2, Rect};

/// Room that a new place needs around itself, points.
const NEW_MARGIN: f32 = 4.0;
/// Room that a better place must have before it is worth a move, points.
const MOVE_MARGIN: f32 = 16.0;

/// Something that wants a place.
pub(super) struct Wish {
    /// The same in every frame.
    pub(super) key: u64,
    /// Where it could be, best first.
    pub(super) places: Vec<Rect>,
    /// The last resort: on the thing itself, where only what stands before it is in the way.
    pub(super) inside: Option<Inside>,
}

/// A place on a thing's own disc.
#[derive(Clone, Copy, Debug)]
pub(super) struct Inside {
    pub(super) rect: Rect,
    /// Its own among the discs; those before it are nearer.
    pub(super) disc: usize,
}

/// A round thing that must not be covered.
#[derive(Clone, Copy, Debug)]
pub(super) struct Disc {
    pub(super) at: Pos2,
    pub(super) radius: f32,
}

impl Disc {
    fn touches(&self, rect: Rect) -> bool {
        rect.distance_to_pos(self.at) < self.radius
    }
}

/// Remembers which of its places each thing had.
#[derive(Default)]
pub(super) struct Placer {
    before: HashMap<u64, usize>,
}

impl Placer {
    /// A place for each wish: inside `free`, clear of `taken`, of `discs` and of each other. Who has a place keeps it
    /// while it can; who has none chooses among what is left, and who stands far off moves when there is plenty of room.
    pub(super) fn place(&mut self, wishes: &[Wish], free: Rect, taken: &[Rect], discs: &[Disc]) -> Vec<Option<Rect>> {
        let mut chosen: Vec<Option<usize>> = vec![None; wishes.len()];
        let place_of = |wish: usize, index: usize| {
            let Wish { places, inside, .. } = &wishes[wish];
            places.get(index).copied().or(inside.filter(|_| index == places.len()).map(|inside| inside.rect))
        };
        let fits = |wish: usize, index: usize, margin: f32, chosen: &[Option<usize>]| {
            let Some(rect) = place_of(wish, index) else { return false };
            let is_inside = index == wishes[wish].places.len();
            let room = if is_inside { rect } else { rect.expand(margin) };
            let before = wishes[wish].inside.filter(|_| is_inside).map_or(discs.len(), |inside| inside.disc);
            let placed = chosen.iter().enumerate().filter(|(other, _)| *other != wish);
            let mut placed = placed.filter_map(|(other, index)| place_of(other, (*index)?));
            free.contains_rect(rect)
                && !taken.iter().any(|other| other.intersects(room))
                && !discs.iter().take(before).any(|disc| disc.touches(room))
                && !placed.any(|other| other.intersects(room))
        };
        for wish in 0..wishes.len() {
            let before = self.before.get(&wishes[wish].key).copied();
            chosen[wish] = before.filter(|&index| fits(wish, index, 0.0, &chosen));
        }
        for wish in 0..wishes.len() {
            let (end, margin) = match chosen[wish] {
                Some(index) => (index, MOVE_MARGIN),
                None => (wishes[wish].places.len() + 1, NEW_MARGIN),
            };
            chosen[wish] = (0..end).find(|&index| fits(wish, index, margin, &chosen)).or(chosen[wish]);
        }
        self.before = wishes.iter().zip(&chosen).filter_map(|(wish, index)| Some((wish.key, (*index)?))).collect();
        chosen.iter().enumerate().map(|(wish, index)| place_of(wish, (*index)?)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use egui::{pos2, vec2};
    use proptest::prelude::*;

    fn around(at: Pos2, size: egui::Vec2) -> Vec<Rect> {
        [vec2(1.0, 0.0), vec2(-1.0, 0.0), vec2(0.0, -1.0), vec2(0.0, 1.0), vec2(2.0, 0.0), vec2(0.0, 2.0)]
            .map(|way| Rect::from_center_size(at + way * (size + vec2(10.0, 10.0)), size))
            .to_vec()
    }

    proptest! {
        #[test]
        fn nothing_overlaps_leaves_or_covers(
            frames in prop::collection::vec(
                prop::collection::vec((0.0..900.0_f32, 0.0..600.0_f32, 20.0..140.0_f32, 10.0..60.0_f32), 0..40),
                1..4,
            ),
        ) {
            let free = Rect::from_min_max(pos2(20.0, 30.0), pos2(860.0, 560.0));
            let taken = [Rect::from_min_max(pos2(20.0, 460.0), pos2(240.0, 560.0))];
            let mut placer = Placer::default();
            for things in frames {
                let discs: Vec<Disc> =
                    things.iter().map(|&(x, y, w, _)| Disc { at: pos2(x, y), radius: 0.1 * w }).collect();
                let wishes: Vec<Wish> = things
                    .iter()
                    .enumerate()
                    .map(|(key, &(x, y, w, h))| Wish { key: key as u64, places: around(pos2(x, y), vec2(w, h)), inside: None })
                    .collect();
                let places: Vec<Rect> =
                    placer.place(&wishes, free, &taken, &discs).into_iter().flatten().collect();
                for (index, place) in places.iter().enumerate() {
                    prop_assert!(free.contains_rect(*place) && !taken[0].intersects(*place));
                    prop_assert!(!discs.iter().any(|disc| disc.touches(*place)));
                    prop_assert!(!places[index + 1..].iter().any(|other| other.intersects(*place)));
                }
            }
        }
    }

    #[test]
    fn what_has_a_place_keeps_it_under_small_moves_whoever_comes_first() {
        let free = Rect::from_min_max(pos2(0.0, 0.0), pos2(900.0, 600.0));
        let mut placer = Placer::default();
        let wish = |key: u64, x: f32| Wish { key, places: around(pos2(x, 300.0), vec2(60.0, 30.0)), inside: None };
        placer.place(&[wish(1, 400.0), wish(2, 440.0)], free, &[], &[]);
        let first = placer.before.clone();
        for k in 0..60 {
            let shift = (k as f32 * 0.7).sin() * 3.0;
            let mut wishes = [wish(1, 400.0 + shift), wish(2, 440.0 + 0.8 * shift)];
            if k % 3 == 0 {
                // The order by depth flips back and forth.
                wishes.reverse();
            }
            assert!(placer.place(&wishes, free, &[], &[]).iter().all(Option::is_some));
            assert_eq!(placer.before, first);
        }
    }

    #[test]
    fn where_discs_stand_close_a_thing_keeps_to_its_own_unless_a_nearer_one_covers_it() {
        let free = Rect::from_min_max(pos2(0.0, 0.0), pos2(400.0, 400.0));
        let discs = [pos2(200.0, 200.0), pos2(240.0, 200.0), pos2(300.0, 200.0)].map(|at| Disc { at, radius: 30.0 });
        let wish = |disc: usize| {
            let rect = Rect::from_center_size(discs[disc].at, vec2(36.0, 36.0));
            Wish { key: disc as u64, places: Vec::new(), inside: Some(Inside { rect, disc }) }
        };
        let places = Placer::default().place(&[wish(0), wish(1), wish(2)], free, &[], &discs);
        assert_eq!(places.iter().map(Option::is_some).collect::<Vec<_>>(), [true, false, true]);
    }

    #[test]
    fn the_important_come_first_and_the_rest_go_without() {
        let free = Rect::from_min_max(pos2(0.0, 0.0), pos2(100.0, 40.0));
        let one = Rect::from_min_max(pos2(5.0, 5.0), pos2(95.0, 35.0));
        let wishes =
            [Wish { key: 7, places: vec![one], inside: None }, Wish { key: 3, places: vec![one], inside: None }];
        assert_eq!(Placer::default().place(&wishes, free, &[], &[]), [Some(one), None]);
    }
}
