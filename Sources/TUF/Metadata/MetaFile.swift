import CanonicalJSON
import Primitives
import Signatures

/// Made once: these are asked for in every entry of a long list.
enum FieldName {
    static let length: ByteString = "length"
    static let hashes: ByteString = "hashes"
    static let version: ByteString = "version"
    static let custom: ByteString = "custom"
    static let ofMetaFile = [version, length, hashes]
    static let ofTarget = [length, hashes, custom]
}

/// Length and hashes of some bytes, as far as they are stated (TUF 4.4 to 4.6).
package struct FileFacts: Hashable, Sendable {
    /// Bytes.
    package var length: Int?
    package var hashes: StatedHashes

    package init(length: Int?, hashes: StatedHashes) {
        self.length = length
        self.hashes = hashes
    }

    /// Length and SHA-256 of `bytes`.
    package init(of bytes: [UInt8]) {
        self.init(length: bytes.count, digest: Digest.sha256(of: bytes))
    }

    package init(length: Int, digest: Digest) {
        self.init(length: length, hashes: ["sha256": ByteString(digest.hex)])
    }

    init(_ reader: JSONReader) throws(JSONFault) {
        length = try reader.optionalField(FieldName.length)?.integer(in: 0...Int64.max)
        hashes = [:]
        if let stated = try reader.optionalField(FieldName.hashes) { hashes = try StatedHashes(stated) }
    }

    /// The SHA-256, when it is stated and well formed.
    package var sha256: Digest? { hashes["sha256"].flatMap(Digest.init(hex:)) }

    func encode(into object: inout JSONObject) {
        if let length { object["length"] = .integer(Int64(length)) }
        if !hashes.isEmpty { object["hashes"] = .object(hashes.object) }
    }

    /// Checks `bytes` against all that is stated. Every hash of a known kind must match; if hashes are stated but none is
    /// of a known kind, nothing is proved, and that is a refusal.
    package func check(_ bytes: [UInt8], at place: String) throws(MetadataFault) {
        if let length, length != bytes.count {
            throw MetadataFault(.wrongLength, found: "\(bytes.count) bytes", expected: "\(length) bytes", at: place)
        }
        guard !hashes.isEmpty else { return }
        let check = FileCheck(self)
        bytes.withUnsafeBytes { check.update($0) }
        try check.finish(at: place)
    }
}

/// What timestamp says of snapshot, and snapshot of targets roles (TUF 4.4, `METAFILES`).
package struct MetaFile: Hashable, Sendable {
    /// 1 or more.
    package var version: Int
    package var facts: FileFacts
    private var extra: JSONObject

    package init(version: Int, facts: FileFacts) {
        self.version = version
        self.facts = facts
        extra = JSONObject()
    }

    init(_ reader: JSONReader) throws(JSONFault) {
        version = try reader.field(FieldName.version).integer(in: PayloadHeader.versions)
        facts = try FileFacts(reader)
        extra = try reader.object().removing(FieldName.ofMetaFile)
    }

    var json: JSONValue {
        var object = extra
        object["version"] = .integer(Int64(version))
        facts.encode(into: &object)
        return .object(object)
    }
}

/// The `meta` table of timestamp and snapshot.
enum MetaTable {
    static func decode(_ reader: JSONReader) throws(JSONFault) -> [ByteString: MetaFile] {
        var table: [ByteString: MetaFile] = [:]
        for (name, member) in try reader.members() { table[name] = try MetaFile(member) }
        return table
    }

    static func encode(_ table: [ByteString: MetaFile]) -> JSONValue {
        var object = JSONObject()
        for (name, file) in table { object[name] = file.json }
        return .object(object)
    }
}
