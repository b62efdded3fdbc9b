import Primitives
import SystemPackage
import TUF

/// One published file, by its place below the published folder.
package enum PublishedPath: Hashable, Sendable, CustomStringConvertible {
    /// A file name in `metadata/`, fit for a URL as it stands.
    case metadata(String)
    /// A path below `targets/`, as stored (with the digest before the file name).
    case target(ByteString)
    /// A path below `log/`: `checkpoint`, `tile/0/000.p/3`.
    case log(ByteString)

    package static func metadata(_ role: RoleName, version: Int) -> PublishedPath {
        .metadata(role.fileName(version: version))
    }

    /// `metadata/3.snapshot.json`, `targets/a/b/1.0/<sha256>.release.json`.
    package var text: ByteString {
        switch self {
        case .metadata(let name): ByteString("metadata/\(name)")
        case .target(let path): ByteString(Array("targets/".utf8) + path.bytes)
        case .log(let path): ByteString(Array("log/".utf8) + path.bytes)
        }
    }

    package var description: String { text.description }
}

/// Something found in a published folder that metadata may or may not name.
package struct PublishedEntry: Hashable, Sendable {
    package enum Kind: Hashable, Sendable {
        /// `size` in bytes.
        case file(size: Int)
        case directory
        /// A symbolic link, socket, device or pipe: never opened.
        case irregular(String)
    }

    /// From the published folder: `metadata/1.root.json`.
    package let path: ByteString
    package let kind: Kind

    package init(path: ByteString, kind: Kind) {
        self.path = path
        self.kind = kind
    }
}

/// Where the published files are: a folder or a server. Hands out bytes and judges nothing.
///
/// Throws faults of storage or transport when a file cannot be had although it may be there; a refusal among them (a
/// server that sends too much) is a finding about that file.
package protocol AuditSource {
    /// What people call it.
    var name: String { get }
    /// Everything that stands in `metadata/`, `targets/` and `log/`, or nil when the source cannot tell (a web server).
    var entries: [PublishedEntry]? { get }
    /// A whole small file of at most `limit` bytes; nil when there clearly is none.
    func read(_ path: PublishedPath, limit: Int) throws -> [UInt8]?
    /// Hands `body` a local file with the content of `path`, which is to be `length` bytes long; false when there is
    /// none. The local file may be gone afterwards.
    func withFile(_ path: PublishedPath, length: Int, _ body: (FilePath) throws -> Void) throws -> Bool
}
