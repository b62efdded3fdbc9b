import Primitives

/// A role's name, as metadata spells it: any text. It reaches URLs and file names only in escaped form.
package struct RoleName: Hashable, Comparable, Sendable, CustomStringConvertible, ExpressibleByStringLiteral {
    package static let root: RoleName = "root"
    package static let timestamp: RoleName = "timestamp"
    package static let snapshot: RoleName = "snapshot"
    package static let targets: RoleName = "targets"
    package static let topLevel: [RoleName] = [.root, .timestamp, .snapshot, .targets]

    package let text: ByteString

    package init(_ text: ByteString) {
        self.text = text
    }

    package init(stringLiteral value: String) {
        text = ByteString(value)
    }

    package static func < (left: RoleName, right: RoleName) -> Bool { left.text < right.text }
    package var description: String { text.description }

    /// The name snapshot and timestamp list this role's metadata under: `ROLE.json`, not escaped.
    package var metaName: ByteString { ByteString(text.bytes + Array(".json".utf8)) }

    /// A safe file name: everything but unreserved characters percent-encoded, then `.json`. Holds no `/` and is never
    /// `.`, `..` or hidden by more than the name itself asks for.
    package var fileName: String { PercentEncoding.encode(text) + ".json" }

    /// The name of one version on the server (TUF 3.1, consistent snapshots). `timestamp.json` carries no version.
    package func fileName(version: Int) -> String { "\(version).\(fileName)" }
}
