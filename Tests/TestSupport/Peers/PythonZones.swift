import Foundation

/// Python's zoneinfo as a second opinion on time zones.
package enum PythonZones {
    package struct Reading: Decodable, Sendable {
        package let name: String
        /// In hexadecimal.
        package let file: String
        /// Pairs: seconds since 1970, and seconds that local time is ahead of UTC then.
        package let offsets: [[Int]]
    }

    /// What holds from the first of January of one year to that of another, around every change and once a month.
    package static func read(_ names: [String], from first: Int, to last: Int) throws -> [Reading] {
        let printed = try PeerProgram.run(
            PeerProgram.python(), ["Tests/Peers/zone_offsets.py", String(first), String(last)] + names)
        return try printed.split(separator: "\n").map { try JSONDecoder().decode(Reading.self, from: Data($0.utf8)) }
    }
}
