import CanonicalJSON
import Primitives
import Releases

/// Which names files of a bundle may have. They are looked up, and never reach this machine's file system; but whoever
/// unpacks a bundle with tar must be as safe.
enum BundleName {
    static let manifest: ByteString = "bundle.json"
    static let metadata: ByteString = "metadata/"
    static let log: ByteString = "log/"
    static let targets: ByteString = "targets/"

    /// Parts between slashes of the characters of our own file names, none of them hidden, `.` or `..`; below one of three
    /// folders.
    static func check(_ name: ByteString) throws(BundleFault) {
        let parts = name.bytes.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        let isBelow = [metadata, log, targets].contains { name.bytes.starts(with: $0.bytes) }
        guard isBelow, name.count <= BundleHeader.nameLimit, parts.allSatisfy(isSafe) else {
            throw BundleFault(.unsafeName, found: "\"\(name)\"")
        }
    }

    private static func isSafe(_ part: ArraySlice<UInt8>) -> Bool {
        guard let first = part.first, first != UInt8(ascii: ".") else { return false }
        return part.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                true
            default: ".-_+%~".utf8.contains(byte)
            }
        }
    }
}

/// `bundle.json`, the first file of a bundle: what it is meant for. It is not signed and decides nothing; it is there so
/// that people are told early that they have the wrong one.
package struct BundleManifest: Hashable, Sendable {
    package static let format: ByteString = "sceau-bundle/1"
    static let byteLimit = 4096

    package let product: ProductName
    package let channel: ChannelName
    package let version: Version

    var encoded: [UInt8] {
        let object: JSONObject = [
            "channel": .string(channel.text), "format": .string(Self.format), "product": .string(product.text),
            "version": .string(version.text),
        ]
        return JSONValue.object(object).fileEncoding
    }

    init(_ paths: ReleasePaths, _ version: Version) {
        (product, channel, self.version) = (paths.product, paths.channel, version)
    }

    /// Throws `bundle/malformed` for anything but its one encoding.
    init(decoding bytes: [UInt8]) throws(BundleFault) {
        do {
            let value = try JSONValue.decode(bytes, limits: JSONLimits(bytes: Self.byteLimit, depth: 2))
            let reader = JSONReader(value, at: "\(BundleName.manifest)")
            let format = try reader.field("format").string()
            guard format == Self.format else {
                throw BundleFault(
                    .malformed, found: "format \"\(format)\"", expected: "\"\(Self.format)\"",
                    hint: "this bundle may need a newer version of these tools")
            }
            product = try ProductName(reader.field("product").string())
            channel = try ChannelName(reader.field("channel").string())
            version = try Version(reader.field("version").string())
        } catch let fault as BundleFault { throw fault } catch {
            throw BundleFault(.malformed, found: (error as? any ReportableFault)?.message, at: "\(BundleName.manifest)")
        }
        guard encoded == bytes else {
            throw BundleFault(.malformed, found: "another encoding", at: "\(BundleName.manifest)")
        }
    }
}
