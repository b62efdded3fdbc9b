import Archiving
import CanonicalJSON
import DurableStorage
import Patching
import Primitives
import Processes
import Releases
import Signatures
import SystemPackage

/// One tree to build: everything that takes, and nothing that could be decided in it. What comes out counts only when it is
/// the listed tree, which who gave the order finds out.
package struct BuildOrder: Hashable, Sendable {
    package enum Source: Hashable, Sendable {
        /// An archive with this digest; the listing is that of the tree in it.
        case archive(Digest)
        /// A patch from this tree, whose listing is given, to the one whose listing has this digest. Its memory in bytes.
        case patch(FilePath, to: Digest, memory: Int)
    }

    package var source: Source
    /// The archive or the patch.
    package var file: FilePath
    /// Does not exist; its parent does.
    package var folder: FilePath
    package let limits: TreeLimits

    package init(_ source: Source, in file: FilePath, into folder: FilePath, limits: TreeLimits) {
        (self.source, self.file, self.folder, self.limits) = (source, file, folder, limits)
    }

    /// Builds the tree, and returns its listing.
    package func perform(_ listing: TreeListing, _ storage: DurableStorage) throws -> TreeListing {
        switch source {
        case .archive(let digest):
            try TreeExtractor(limits: limits).extract(
                file, expectedDigest: digest, listing: listing, into: folder, storage: storage)
            return listing
        case .patch(let old, let digest, let memory):
            return try TreePatcher(limits: PatchLimits(tree: limits, memory: memory)).apply(
                file, to: old, listing: listing, expected: digest, into: folder, storage: storage)
        }
    }

    /// All that building needs to reach.
    var sandbox: Sandbox {
        var sandbox = Sandbox(readOnly: [file], readWrite: [folder.removingLastComponent()])
        if case .patch(let old, _, _) = source { sandbox.readOnly.append(old) }
        return sandbox
    }
}

// MARK: as text, for another process

extension BuildOrder {
    private static let lineLimit = 64 << 10

    /// Bytes that an order and its listing have at most.
    package static let sizeLimit = lineLimit + TreeLimits().listingBytes

    /// One line of JSON, and the listing after it.
    func encode(with listing: TreeListing) -> [UInt8] {
        var object: JSONObject = [
            "file": .string(ByteString(file.string)), "folder": .string(ByteString(folder.string)),
            "limits": .array(
                [
                    limits.entries, limits.bytes, limits.listingBytes, limits.pathBytes, limits.componentBytes,
                    limits.depth,
                ].map { .integer(Int64($0)) }),
        ]
        switch source {
        case .archive(let digest): object["archive_sha256"] = .string(ByteString(digest.hex))
        case .patch(let old, let digest, let memory):
            object["old"] = .string(ByteString(old.string))
            object["tree_sha256"] = .string(ByteString(digest.hex))
            object["memory"] = .integer(Int64(memory))
        }
        return JSONValue.object(object).lineEncoding + [UInt8(ascii: "\n")] + listing.encoding
    }

    static func decode(_ bytes: [UInt8]) throws -> (order: BuildOrder, listing: TreeListing) {
        let line = bytes.prefix { $0 != UInt8(ascii: "\n") }
        let value = try JSONValue.decode(Array(line), limits: JSONLimits(bytes: lineLimit, depth: 3))
        let order = try BuildOrder(JSONReader(value, at: "build order"))
        return (order, try TreeListing.decode(Array(bytes.dropFirst(line.count + 1)), limits: order.limits))
    }

    private init(_ reader: JSONReader) throws {
        func path(_ name: ByteString) throws -> FilePath { FilePath(try reader.field(name).string().description) }
        let numbers = try reader.field("limits").array().map { try $0.integer(in: 0...Int64.max) }
        guard numbers.count == 6 else { throw AgentFault(.buildFailed, found: "an order without its limits") }
        let limits = TreeLimits(
            entries: numbers[0], bytes: numbers[1], listingBytes: numbers[2], pathBytes: numbers[3],
            componentBytes: numbers[4], depth: numbers[5])
        let source: Source
        if let archive = try reader.optionalField("archive_sha256") {
            source = .archive(try archive.digest())
        } else {
            source = .patch(
                try path("old"), to: try reader.field("tree_sha256").digest(),
                memory: try reader.field("memory").integer(in: 0...Int64.max))
        }
        self.init(source, in: try path("file"), into: try path("folder"), limits: limits)
    }
}
