//! The displays that a window can fill: their numbers and names, and the one that is meant.

use winit::application::ApplicationHandler;
use winit::event::WindowEvent;
use winit::event_loop::{ActiveEventLoop, EventLoop};
use winit::monitor::MonitorHandle;
use winit::window::WindowId;

use super::WindowError;

/// The display of this number (from 1), or whose name contains this.
pub(super) fn find(event_loop: &ActiveEventLoop, wish: &str) -> Result<MonitorHandle, WindowError> {
    let found: Vec<MonitorHandle> = event_loop.available_monitors().collect();
    let names: Vec<String> = found.iter().map(|monitor| monitor.name().unwrap_or_default()).collect();
    match index_of(&names, wish).and_then(|index| found.into_iter().nth(index)) {
        Some(monitor) => Ok(monitor),
        None => {
            let known: Vec<String> =
                names.iter().enumerate().map(|(index, name)| format!("{} {name}", index + 1)).collect();
            Err(WindowError::NoSuchDisplay { wish: wish.to_owned(), known: known.join(", ") })
        }
    }
}

fn index_of(names: &[String], wish: &str) -> Option<usize> {
    if let Ok(number) = wish.trim().parse::<usize>() {
        return number.checked_sub(1).filter(|index| *index < names.len());
    }
    let wish = wish.trim().to_lowercase();
    names.iter().position(|name| !wish.is_empty() && name.to_lowercase().contains(&wish))
}

/// All displays in words, where there is a window system to ask. Call it at most once in a process, on the main thread.
#[must_use]
pub fn list() -> Vec<String> {
    struct Asker(Vec<String>);
    impl ApplicationHandler for Asker {
        fn resumed(&mut self, event_loop: &ActiveEventLoop) {
            let main = event_loop.primary_monitor();
            for (index, monitor) in event_loop.available_monitors().enumerate() {
                let size = monitor.size();
                let hertz = monitor
                    .refresh_rate_millihertz()
                    .map_or_else(String::new, |mhz| format!(", {:.0} Hz", f64::from(mhz) / 1e3));
                let is_main = if main.as_ref() == Some(&monitor) { ", the main one" } else { "" };
                let name = monitor.name().unwrap_or_else(|| "without a name".to_owned());
                self.0.push(format!("{} {name}, {}x{}{hertz}{is_main}", index + 1, size.width, size.height));
            }
            event_loop.exit();
        }

        fn window_event(&mut self, _event_loop: &ActiveEventLoop, _window: WindowId, _event: WindowEvent) {}
    }
    let mut asker = Asker(Vec::new());
    // Without a window system there are no displays to list; what else is missing, the doctor says.
    let _ = EventLoop::new().map(|events| events.run_app(&mut asker));
    asker.0
}

#[cfg(test)]
mod tests {
    use super::index_of;

    #[test]
    fn displays_are_found_by_number_and_name() {
        let names = ["eDP-1".to_owned(), "HDMI-A-2".to_owned()];
        assert_eq!(["1", "2", "hdmi", "DP-1"].map(|wish| index_of(&names, wish)), [Some(0), Some(1), Some(1), Some(0)]);
        assert_eq!(["0", "3", "vga", ""].map(|wish| index_of(&names, wish)), [None; 4]);
    }
}
