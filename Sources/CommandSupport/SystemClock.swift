import FoundationEssentials

/// The time of this machine: read here, once a command, and handed down. No module below reads a clock.
package enum SystemClock {
    package static func now() -> Date { Date() }
}
