import CanonicalJSON
import FoundationEssentials
import Primitives

/// The `signed` part of one kind of metadata (TUF 4.3 to 4.6).
package protocol Payload: Sendable {
    /// The value of `_type`.
    static var type: ByteString { get }
    var header: PayloadHeader { get set }

    init(_ reader: JSONReader) throws(JSONFault)
    /// The whole `signed` object, unknown fields included.
    var json: JSONObject { get }
}

/// What every kind of metadata begins with.
package struct PayloadHeader: Hashable, Sendable {
    /// The specification that we write.
    package static let writtenSpecVersion: ByteString = "1.0.34"
    static let fields: [ByteString] = ["_type", "spec_version", "version", "expires"]
    private static let supportedMajor = "1"
    /// After the last of these there is one more number: whoever asks for the next version must be able to name it.
    static let versions: ClosedRange<Int64> = 1...(Int64.max - 1)

    package var specVersion: ByteString
    /// 1 or more.
    package var version: Int
    package var expires: Date

    package init(version: Int, expires: Date) {
        specVersion = Self.writtenSpecVersion
        self.version = version
        self.expires = expires
    }

    init(_ reader: JSONReader) throws(JSONFault) {
        specVersion = try reader.field("spec_version").string()
        version = try reader.field("version").integer(in: Self.versions)
        let expires = try reader.field("expires")
        guard let date = UTCTime.decode(try expires.string()) else {
            throw expires.invalid(expected: "a time like 2030-01-31T12:00:00Z")
        }
        self.expires = date
    }

    /// TUF 4.3: the major number must be ours; what follows does not matter.
    var isSupported: Bool {
        let parts = specVersion.description.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count >= 2 && parts[0] == Self.supportedMajor
    }

    func encode(type: ByteString, extra: JSONObject) -> JSONObject {
        var object = extra
        object["_type"] = .string(type)
        object["spec_version"] = .string(specVersion)
        object["version"] = .integer(Int64(version))
        object["expires"] = .string(ByteString(UTCTime.encode(expires)))
        return object
    }
}
