import CanonicalJSON
import Primitives
import Releases
import UpdatePlan

/// How a release came to an instance, or would come.
package struct Delivery: Hashable, Sendable {
    package enum Way: String, CaseIterable, Sendable {
        case archive
        case patch
        /// Two patches, over a release in between.
        case patches
    }

    package let way: Way
    /// Of the archive, or of all patches together.
    package let bytes: Int

    package init(_ way: Way, bytes: Int) {
        (self.way, self.bytes) = (way, bytes)
    }

    init(_ route: [PatchStep], of manifest: ReleaseManifest) {
        switch route.count {
        case 0: self.init(.archive, bytes: manifest.archive.bytes)
        case 1: self.init(.patch, bytes: route.bytes)
        default: self.init(.patches, bytes: route.bytes)
        }
    }

    /// From a line of the history; nil when it says nothing of it.
    init?(_ reader: JSONReader) throws {
        guard let word = try reader.optionalField("by")?.string(),
            let way = Way.allCases.first(where: { ByteString($0.rawValue) == word })
        else { return nil }
        self.init(way, bytes: try reader.field("bytes").integer(in: 0...Int64.max))
    }

    /// A fault in one line that is not too long for the history.
    static func reason(_ fault: any ReportableFault) -> String {
        let text = "[\(fault.codeText)] \(fault.message)".escapingUnprintable()
        return text.count <= longestReason ? text : text.prefix(longestReason) + "…"
    }

    private static let longestReason = 500
}
