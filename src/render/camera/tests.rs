//! The camera as a hand feels it: what moves, how far, how smoothly, and that nothing ever locks.

use super::*;

fn camera() -> Camera {
    Camera::new(Pose { eye: [0.0, 2.0, 10.0], target: [0.0, 0.0, 0.0], fov_degrees: 45.0 }, 5.0)
}

fn settle(camera: &mut Camera) {
    for _ in 0..600 {
        camera.update(1.0 / 60.0);
    }
}

fn close(a: [f32; 3], b: [f32; 3], within: f32) {
    assert!(Vec3::from_array(a).distance(Vec3::from_array(b)) < within, "{a:?} is not {b:?}");
}

#[test]
fn a_new_camera_stands_where_it_was_put() {
    let pose = camera().pose();
    close(pose.eye, [0.0, 2.0, 10.0], 1e-4);
    close(pose.target, [0.0, 0.0, 0.0], 1e-4);
    assert!(!camera().update(0.016), "nothing to do");
}

#[test]
fn orbit_keeps_distance_and_focus() {
    let mut camera = camera();
    camera.orbit([300.0, -120.0], 720.0);
    settle(&mut camera);
    let pose = camera.pose();
    close(pose.target, [0.0; 3], 1e-4);
    let distance = Vec3::from_array(pose.eye).length();
    assert!((distance - 104.0_f32.sqrt()).abs() < 1e-3, "{distance}");
    assert!(Vec3::from_array(pose.eye).distance(Vec3::new(0.0, 2.0, 10.0)) > 1.0, "it moved");
}

#[test]
fn over_the_pole_and_back_nothing_locks_flips_or_jumps() {
    let mut camera = camera();
    let start = camera.pose();
    let mut before = camera.view(1.5);
    // Half a turn up in small drags: over the pole, onto its head; then the same way back.
    for drag in std::iter::repeat_n(6.0, 120).chain(std::iter::repeat_n(-6.0, 120)) {
        camera.orbit([0.0, drag], 720.0);
        camera.update(1.0 / 60.0);
        let view = camera.view(1.5);
        assert!(view.right.y.abs() < 1e-6 && view.clip_from_world.is_finite(), "level: {view:?}");
        assert!(view.right.dot(before.right) > 0.999_9, "the axis to the right stays");
        assert!(view.forward.dot(before.forward) > 0.98 && view.up.dot(before.up) > 0.98, "no flip");
        before = view;
    }
    settle(&mut camera);
    close(camera.pose().eye, start.eye, 1e-3);
    camera.orbit([0.0, 720.0], 720.0);
    settle(&mut camera);
    assert!(camera.view(1.5).up.y < 0.0, "on its head");
    // A drag to the right moves what is in front to the right, whichever way is up.
    let front = |camera: &Camera| Vec3::from_array(camera.pose().eye) * 0.2;
    let mark = front(&camera);
    camera.orbit([20.0, 0.0], 720.0);
    settle(&mut camera);
    let (px, _) = camera.view(1.0).project(mark, [720, 720]).expect("in front");
    assert!(px.x > 361.0, "{px}");
    camera.move_to(start);
    settle(&mut camera);
    assert!(camera.view(1.5).up.y > 0.0, "a pose is upright");
    close(camera.pose().eye, start.eye, 1e-3);
}

#[test]
fn looking_stops_straight_up_and_keeps_yaw_there() {
    let mut camera = camera();
    camera.look([0.0, -1e6], 720.0);
    settle(&mut camera);
    let view = camera.view(1.0);
    assert!(view.forward.y > 0.999_9 && view.right.distance(Vec3::X) < 1e-3, "{view:?}");
    camera.look([0.0, 300.0], 720.0);
    settle(&mut camera);
    assert!(camera.view(1.0).up.y > 0.1 && camera.view(1.0).right.distance(Vec3::X) < 1e-3);
}

#[test]
fn look_keeps_the_eye() {
    let mut camera = camera();
    camera.look([200.0, 90.0], 720.0);
    settle(&mut camera);
    close(camera.pose().eye, [0.0, 2.0, 10.0], 1e-3);
    assert!(Vec3::from_array(camera.pose().target).length() > 1.0, "it looks elsewhere");
}

#[test]
fn motion_does_not_depend_on_the_frame_rate() {
    let goal = Pose { eye: [-4.0, 1.0, -7.0], target: [1.0, 0.0, 2.0], fov_degrees: 60.0 };
    type Hand = fn(&mut Camera);
    let held: [Hand; 4] = [
        |_| {},
        |camera| camera.fly(Flight { forward: 1.0, right: 0.3, ..Flight::default() }),
        |camera| camera.steer(Steering { turn: [1.0, -0.4], nearer: 0.5, ..Steering::default() }),
        |camera| camera.steer(Steering { pan: [-1.0, 0.2], ..Steering::default() }),
    ];
    for (index, hold) in held.into_iter().enumerate() {
        let run = |frames: u32| {
            let mut camera = camera();
            if index == 0 {
                camera.move_to(goal);
            }
            for phase in [true, false] {
                for _ in 0..frames {
                    if phase {
                        hold(&mut camera);
                    }
                    camera.update(0.5 / f64::from(frames));
                }
            }
            camera.pose()
        };
        let (slow, fast) = (run(8), run(240));
        // Panning while turning goes round a circle in straight pieces; everything else is exact.
        close(slow.eye, fast.eye, 2e-3);
        close(slow.target, fast.target, 2e-3);
    }
}

#[test]
fn the_turntable_turns_at_its_speed_at_every_frame_rate_and_for_hours() {
    let run = |frames: u32, seconds: f64| {
        let mut camera = camera();
        camera.toggle_turntable();
        for _ in 0..frames {
            assert!(camera.update(seconds / f64::from(frames)));
        }
        camera
    };
    let (slow, fast) = (run(60, 12.0), run(1440, 12.0));
    close(slow.pose().eye, fast.pose().eye, 1e-3);
    let distance = Vec3::from_array(fast.pose().eye).length();
    assert!((distance - 104.0_f32.sqrt()).abs() < 1e-3);
    // Hours later one frame still turns it by as much as the first second did.
    let mut late = run(40_000, 36_000.0);
    let (before, trail) = (late.shown.yaw, 1.0 / 60.0);
    for _ in 0..60 {
        late.update(trail);
    }
    let turned = late.shown.nearest_to(&Orbit { yaw: before, ..late.shown }).yaw - before;
    assert!((turned - TAU / TURNTABLE_S).abs() < 1e-4, "{turned}");
    assert!(late.wished.yaw.abs() < 4.0 * TAU);
    late.toggle_turntable();
    settle(&mut late);
    assert!(!late.update(0.1), "it comes to rest");
}

#[test]
fn widening_keeps_the_size_at_the_focus_all_the_way() {
    let mut camera = camera();
    let height = camera.shown.seen_height();
    camera.widen(6.0, true);
    for _ in 0..200 {
        camera.update(0.01);
        assert!((camera.shown.seen_height() / height - 1.0).abs() < 1e-3, "{:?}", camera.shown);
    }
    assert!(camera.shown.fov_degrees > 80.0);
    camera.widen(-2.0, false);
    settle(&mut camera);
    assert!((camera.shown.seen_height() / height - FOV_STEP.powi(-2)).abs() < 1e-3);
    camera.widen(1e9, false);
    camera.widen(f32::NAN, true);
    settle(&mut camera);
    assert!(camera.view(1.0).clip_from_world.is_finite());
}

#[test]
fn undo_goes_back_through_places_of_rest() {
    let mut camera = camera();
    let mut places = vec![camera.pose().eye];
    for drag in [200.0, -90.0, 150.0] {
        // Several drags without a rest between them are one change.
        camera.orbit([drag, 10.0], 720.0);
        camera.update(0.01);
        camera.orbit([drag, 10.0], 720.0);
        settle(&mut camera);
        places.push(camera.pose().eye);
    }
    for place in places.iter().rev().skip(1) {
        assert!(camera.undo());
        settle(&mut camera);
        close(camera.pose().eye, *place, 1e-2);
    }
    assert!(!camera.undo(), "that was the first");
    for place in &places[1..] {
        assert!(camera.redo());
        settle(&mut camera);
        close(camera.pose().eye, *place, 1e-2);
    }
    assert!(!camera.redo());
    camera.toggle_turntable();
    for _ in 0..300 {
        camera.update(0.01);
    }
    assert!(camera.undo() && !camera.is_turning(), "back from the turntable");
    settle(&mut camera);
    close(camera.pose().eye, places[3], 1e-2);
}

#[test]
fn a_move_arrives() {
    let mut camera = camera();
    let goal = Pose { eye: [-4.0, 1.0, -7.0], target: [1.0, 0.0, 2.0], fov_degrees: 60.0 };
    camera.move_to(goal);
    settle(&mut camera);
    close(camera.pose().eye, goal.eye, 1e-3);
    close(camera.pose().target, goal.target, 1e-3);
    assert!((camera.pose().fov_degrees - 60.0).abs() < 1e-3);
}

#[test]
fn the_hand_takes_over_from_a_move_without_a_jump() {
    let mut camera = camera();
    camera.move_to(Pose { eye: [40.0, 1.0, -7.0], target: [30.0, 0.0, 2.0], fov_degrees: 60.0 });
    for _ in 0..20 {
        camera.update(1.0 / 60.0);
    }
    let before = camera.pose();
    camera.orbit([1.0, 0.0], 720.0);
    camera.update(1e-4);
    close(camera.pose().eye, before.eye, 0.05);
}

#[test]
fn flight_goes_where_it_looks_and_dolly_comes_nearer() {
    let mut camera = camera();
    let forward = camera.view(1.0).forward;
    for _ in 0..60 {
        camera.fly(Flight { forward: 1.0, ..Flight::default() });
        camera.update(1.0 / 60.0);
    }
    settle(&mut camera);
    let moved = Vec3::from_array(camera.pose().eye) - Vec3::new(0.0, 2.0, 10.0);
    assert!(moved.normalize().dot(forward) > 0.999 && moved.length() > 2.0, "{moved}");
    let before = camera.shown.distance;
    camera.dolly(3.0);
    settle(&mut camera);
    assert!((camera.shown.distance / before - 0.88_f32.powi(3)).abs() < 1e-3);
}
