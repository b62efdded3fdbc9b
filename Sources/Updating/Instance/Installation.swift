import CanonicalJSON
import FoundationEssentials
import Primitives
import Releases
import Signatures

/// What is installed: `installed.json`, format `sceau-installed/1`.
package struct Installation: Hashable, Sendable {
    package static let format: ByteString = "sceau-installed/1"
    static let limit = 4096

    package var version: Version
    /// Digest of the tree's listing; nil when the record was lost and nothing here proves which tree it is.
    package var tree: Digest?
    /// Since when; nil when that was lost.
    package var since: Date?
    /// What was installed before, for `revert`.
    package var previous: Version?
    /// The release the administrator went back from: neither it nor an older one is offered unasked.
    package var revertedFrom: Version?

    package init(
        version: Version, tree: Digest? = nil, since: Date? = nil, previous: Version? = nil,
        revertedFrom: Version? = nil
    ) {
        self.version = version
        self.tree = tree
        self.since = since
        self.previous = previous
        self.revertedFrom = revertedFrom
    }

    package func encode() -> [UInt8] {
        var object: JSONObject = ["format": .string(Self.format), "version": .string(version.text)]
        if let tree { object["tree_sha256"] = .string(ByteString(tree.hex)) }
        if let since { object["since"] = .string(ByteString(UTCTime.encode(since))) }
        if let previous { object["previous"] = .string(previous.text) }
        if let revertedFrom { object["reverted_from"] = .string(revertedFrom.text) }
        return JSONValue.object(object).fileEncoding
    }

    /// Nil for anything that `encode` would not write.
    package static func decode(_ bytes: [UInt8]) -> Installation? {
        guard let value = try? JSONValue.decode(bytes, limits: JSONLimits(bytes: limit, depth: 4)),
            let record = try? Installation(JSONReader(value, at: "installed.json")), record.encode() == bytes
        else { return nil }
        return record
    }

    private init(_ reader: JSONReader) throws {
        self.init(
            version: try Version(reader.field("version").string()),
            tree: try reader.optionalField("tree_sha256").flatMap { Digest(hex: try $0.string()) },
            since: try reader.optionalField("since").flatMap { UTCTime.decode(try $0.string()) },
            previous: try reader.optionalField("previous").map { try Version($0.string()) },
            revertedFrom: try reader.optionalField("reverted_from").map { try Version($0.string()) })
    }
}
