import CanonicalJSON
import Primitives
import Signatures

extension ReleaseManifest {
    /// The one text of this manifest.
    package func encode() throws(ReleaseFault) -> [UInt8] {
        try check()
        let bytes = JSONValue.object(object).fileEncoding
        guard bytes.count <= ReleaseLimits.manifestBytes else {
            throw ReleaseFault(
                .tooLarge, found: "\(bytes.count) bytes", expected: "at most \(ReleaseLimits.manifestBytes)",
                at: "release.json")
        }
        return bytes
    }

    private var object: JSONObject {
        var object: JSONObject = [
            "format": .string(Self.format),
            "product": .string(product.text), "channel": .string(channel.text), "version": .string(version.text),
            "time": .string(ByteString(UTCTime.encode(time))), "severity": .string(ByteString(severity.rawValue)),
            "summary": .string(summary), "advisories": .array(advisories.map { .string($0.text) }),
            "tree": [
                "sha256": .string(ByteString(tree.sha256.hex)), "listing": .string(ReleaseFileName.listing.text),
                "files": .integer(Int64(tree.files)), "bytes": .integer(Int64(tree.bytes)),
            ],
            "archive": .object(archiveObject),
            "patches": .array(patches.map(\.value)), "install": .object(install.json),
            "attachments": .array(attachments.map { .string($0.text) }),
        ]
        if let notes { object["notes"] = .string(notes.text) }
        if let minimumAgentVersion { object["minimum_agent_version"] = .string(minimumAgentVersion.text) }
        if let updateFrom { object["update_from"] = .string(updateFrom.text) }
        object[Rollout.field] = rollout?.json
        if hasSums { object["sums"] = .string(ReleaseFileName.sums.text) }
        if !extensions.members.isEmpty { object["extensions"] = .object(extensions) }
        return object
    }

    private var archiveObject: JSONObject {
        var object: JSONObject = [
            "file": .string(archiveFile.text), "sha256": .string(ByteString(archive.sha256.hex)),
            "bytes": .integer(Int64(archive.bytes)),
        ]
        if hasMinisig { object["minisig"] = .string(minisigFile.text) }
        return object
    }

    /// Reads a manifest. Throws `JSONFault` or `ReleaseFault`; says nothing about who signed it.
    package static func decode(_ bytes: [UInt8]) throws -> ReleaseManifest {
        let value = try JSONValue.decode(bytes, limits: JSONLimits(bytes: ReleaseLimits.manifestBytes, depth: 32))
        let reader = JSONReader(value, at: "release.json")
        let format = try reader.field("format").string()
        guard format == Self.format else {
            throw ReleaseFault(
                .unsupportedFormat, found: "\"\(format)\"", expected: "\"\(Self.format)\"", at: "release.json",
                hint: "this release may need a newer version of these tools")
        }
        let manifest = try ReleaseManifest(reader)
        if let unknown = try reader.object().removing(fields).members.first {
            throw ReleaseFault(.unknownField, found: "\"\(unknown.name)\"", at: "release.json")
        }
        guard try manifest.encode() == bytes else { throw ReleaseFault(.notCanonical, at: "release.json") }
        return manifest
    }

    private static let fields: [ByteString] = [
        "format", "product", "channel", "version", "time", "severity", "summary", "advisories", "tree", "archive",
        "patches", "install", "attachments", "notes", "minimum_agent_version", "sums", "extensions",
        "update_from", Rollout.field,
    ]

    private init(_ reader: JSONReader) throws {
        let tree = try reader.field("tree")
        let archive = try reader.field("archive")
        self.init(
            product: try ProductName(reader.field("product").string()),
            channel: try ChannelName(reader.field("channel").string()),
            version: try Version(reader.field("version").string()), time: try reader.field("time").time(),
            severity: try Severity(reader.field("severity").string()),
            tree: Tree(
                sha256: try tree.field("sha256").digest(), files: try tree.field("files").size(),
                bytes: try tree.field("bytes").size()),
            archive: Archive(sha256: try archive.field("sha256").digest(), bytes: try archive.field("bytes").size()))
        summary = try reader.field("summary").string()
        advisories = try reader.field("advisories").array().map { try AdvisoryID($0.string()) }
        notes = try reader.optionalField("notes").map { try ReleaseFileName($0.string()) }
        patches = try reader.field("patches").array().map { try Patch($0) }
        install = try InstallSection(reader.field("install").object())
        updateFrom = try reader.optionalField("update_from").map { try Version($0.string()) }
        rollout = try reader.optionalField(Rollout.field).map { try Rollout($0) }
        minimumAgentVersion = try reader.optionalField("minimum_agent_version").map { try Version($0.string()) }
        attachments = try reader.field("attachments").array().map { try ReleaseFileName($0.string()) }
        hasMinisig = try archive.optionalField("minisig").map { try $0.check(is: minisigFile) } != nil
        hasSums = try reader.optionalField("sums").map { try $0.check(is: .sums) } != nil
        extensions = try reader.optionalField("extensions")?.object() ?? JSONObject()
    }
}

extension ReleaseManifest.Patch {
    fileprivate var value: JSONValue {
        [
            "from_version": .string(fromVersion.text), "from_tree_sha256": .string(ByteString(fromTree.hex)),
            "file": .string(file.text), "sha256": .string(ByteString(sha256.hex)), "bytes": .integer(Int64(bytes)),
        ]
    }

    fileprivate init(_ reader: JSONReader) throws {
        self.init(
            fromVersion: try Version(reader.field("from_version").string()),
            fromTree: try reader.field("from_tree_sha256").digest(),
            file: try ReleaseFileName(reader.field("file").string()), sha256: try reader.field("sha256").digest(),
            bytes: try reader.field("bytes").size())
    }
}

extension JSONReader {
    /// A file whose name is settled already.
    fileprivate func check(is name: ReleaseFileName) throws(JSONFault) {
        guard try string() == name.text else { throw invalid(expected: "\"\(name)\"") }
    }

    fileprivate func size() throws(JSONFault) -> Int { try integer(in: 0...ReleaseLimits.fileBytes) }
}
