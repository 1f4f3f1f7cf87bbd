//! What every backend of a port must do, asked of each of them.
//!
//! A test is a function over a [`Harness`]: what differs between backends is how a device is made on them, above all one
//! that stalls. Another backend is another harness and one line at the end of this file.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod closing;
mod errors;
mod giving_up;
mod harness;
mod limits;
mod model;
mod moving;
#[cfg(windows)]
mod pipe;
mod threads;
mod tickets;

use harness::Harness;

macro_rules! conformance {
    ($backend:ident, $harness:expr, [$($(#[$only:meta])? $module:ident :: $test:ident),* $(,)?]) => {
        mod $backend {
            $($(#[$only])?
            #[test]
            fn $test() {
                super::$module::$test(&$harness);
            })*
        }
    };
}

/// Each test for each of the backends of this system.
macro_rules! on_every_backend {
    ($tests:tt) => {
        conformance!(on_threads, crate::harness::OnThreads, $tests);
        #[cfg(target_os = "linux")]
        conformance!(on_uring, crate::harness::OnUring, $tests);
        #[cfg(windows)]
        conformance!(on_iocp, crate::harness::OnIocp, $tests);
        conformance!(on_sim, crate::harness::OnSim::new(), $tests);
    };
}

on_every_backend!([
    moving::what_is_written_is_read,
    moving::only_the_bytes_asked_for_are_touched,
    moving::vectored_operations_are_one_stretch_of_the_device,
    moving::reads_stop_at_the_end_of_the_device,
    moving::writes_lengthen_a_file,
    moving::nothing_asked_for_is_nothing_done,
    moving::flushes_complete,
    moving::memory_and_context_come_back,
    moving::each_device_has_its_key,
    moving::several_are_submitted_and_taken_at_once,
    moving::pools_may_be_registered,
    moving::direct_files_want_multiples,
    moving::packets_go_through,
    errors::a_failed_operation_says_so_and_gives_its_memory_back,
    // Only Linux has a device that is always full.
    #[cfg(target_os = "linux")]
    errors::a_full_device_fails_writes,
    errors::what_cannot_be_done_is_refused_with_its_memory,
    errors::a_withdrawn_device_takes_nothing_more,
    errors::a_lock_held_at_submit_or_wait_panics,
    limits::beyond_the_limit_operations_are_refused,
    limits::beyond_the_limit_operations_are_pended_in_order,
    limits::the_depth_is_never_exceeded,
    limits::packets_and_requeued_operations_are_not_limited,
    limits::what_is_dropped_behind_a_refused_one_may_come_back,
    tickets::a_ticket_is_waited_for,
    tickets::a_ticket_is_awaited,
    tickets::many_futures_are_awaited_at_once,
    tickets::a_detached_ticket_leaves_its_completion_to_the_queue,
    tickets::a_waker_that_is_let_go_may_come_back,
    tickets::a_dropped_ticket_gives_the_memory_back,
    tickets::a_wait_with_a_limit_gives_the_ticket_back,
    tickets::waiting_for_a_ticket_takes_nothing_from_the_queue,
    giving_up::completions_come_in_the_order_of_their_ends,
    giving_up::a_cancelled_operation_gives_its_memory_back,
    giving_up::a_pended_operation_is_cancelled_at_once,
    giving_up::what_is_over_cannot_be_cancelled,
    giving_up::an_operation_that_is_late_is_given_up,
    giving_up::an_operation_pended_for_too_long_is_given_up,
    giving_up::a_future_that_is_late_is_given_up,
    giving_up::a_deadline_that_is_kept_changes_nothing,
    giving_up::everything_is_cancelled_at_once,
    threads::many_threads_submit_and_serve,
    threads::a_packet_wakes_a_thread_that_waits,
    threads::a_packet_wakes_one_of_several,
    threads::the_end_of_the_submitting_thread_ends_nothing,
    threads::waits_with_limits_end,
    threads::handlers_send_operations_in_again,
    closing::a_closed_port_gives_back_what_is_in_flight,
    closing::a_closed_port_ends_every_wait,
    closing::dropping_with_operations_in_flight_frees_or_leaks,
    closing::dropping_gives_everything_back_that_is_pended_or_ready,
    closing::tickets_outlive_their_port,
    closing::futures_end_with_their_port,
    closing::a_waker_may_own_its_port,
    closing::late_completions_find_no_port,
    model::random_operations_do_what_a_byte_array_does,
]);
