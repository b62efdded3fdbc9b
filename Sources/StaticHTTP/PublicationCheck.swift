import DurableStorage
import Primitives
import Serving
import SystemPackage

/// Whether a folder can be served, and what is in it: everything a server would do at its start, short of listening.
package struct PublicationCheck: Sendable {
    package let files: Int
    package let metadataFiles: Int
    package let targetFiles: Int
    /// Of all files.
    package let bytes: Int

    /// Reads every file. Throws `ServingFault`, also when the folder is readable but nothing was published in it yet.
    package init(_ root: FilePath) throws {
        var scan = PublicationScan(root, ServerConfiguration())
        let catalogue = try scan.run(reusing: nil).catalogue
        guard catalogue.position(of: "metadata/timestamp.json") != nil else {
            throw ServingFault.notPublished(in: root)
        }
        files = catalogue.files.count
        metadataFiles = catalogue.files.count { $0.path.bytes.starts(with: "metadata/".utf8) }
        targetFiles = catalogue.files.count { $0.path.bytes.starts(with: "targets/".utf8) }
        bytes = catalogue.files.reduce(0) { $0 + $1.size }
    }
}

extension Fault where Code == ServingFaultCode {
    static func notPublished(in root: FilePath) -> ServingFault {
        ServingFault(
            .notPublished, expected: "metadata/timestamp.json", at: root.string)
    }
}
