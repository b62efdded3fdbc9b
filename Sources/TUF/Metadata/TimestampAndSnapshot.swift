import CanonicalJSON
import Primitives

/// Which snapshot is the newest (TUF 4.6).
package struct Timestamp: Payload {
    package static let type: ByteString = "timestamp"

    package var header: PayloadHeader
    package var snapshot: MetaFile
    private var extra: JSONObject
    private var extraMeta: JSONObject

    package init(header: PayloadHeader, snapshot: MetaFile) {
        self.header = header
        self.snapshot = snapshot
        extra = JSONObject()
        extraMeta = JSONObject()
    }

    package init(_ reader: JSONReader) throws(JSONFault) {
        header = try PayloadHeader(reader)
        let meta = try reader.field("meta")
        snapshot = try MetaFile(meta.field(RoleName.snapshot.metaName))
        extraMeta = try meta.object().removing([RoleName.snapshot.metaName])
        extra = try reader.object().removing(PayloadHeader.fields + ["meta"])
    }

    package var json: JSONObject {
        var object = header.encode(type: Self.type, extra: extra)
        var meta = extraMeta
        meta[RoleName.snapshot.metaName] = snapshot.json
        object["meta"] = .object(meta)
        return object
    }
}

/// Which versions of all targets roles belong together (TUF 4.4).
package struct Snapshot: Payload {
    package static let type: ByteString = "snapshot"

    package var header: PayloadHeader
    /// By `ROLE.json`.
    package var meta: [ByteString: MetaFile]
    private var extra: JSONObject

    package init(header: PayloadHeader, meta: [ByteString: MetaFile]) {
        self.header = header
        self.meta = meta
        extra = JSONObject()
    }

    package init(_ reader: JSONReader) throws(JSONFault) {
        header = try PayloadHeader(reader)
        meta = try MetaTable.decode(reader.field("meta"))
        extra = try reader.object().removing(PayloadHeader.fields + ["meta"])
    }

    package var json: JSONObject {
        var object = header.encode(type: Self.type, extra: extra)
        object["meta"] = MetaTable.encode(meta)
        return object
    }
}
