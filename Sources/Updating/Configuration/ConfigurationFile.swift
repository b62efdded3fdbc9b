import DurableStorage
import Primitives
import SystemPackage

/// Which configuration a command uses.
package enum ConfigurationFile {
    package static let defaultFolder: FilePath = "/etc/sceau"

    /// `named`, or the only `.yaml` file in `folder`.
    package static func locate(
        named: FilePath?, in folder: FilePath = defaultFolder, _ storage: DurableStorage
    ) throws -> FilePath {
        if let named { return named }
        let names: [String]
        do { names = try storage.list(folder).filter { $0.hasSuffix(".yaml") && !$0.hasPrefix(".") } } catch {
            guard error.code == .notFound else { throw error }
            throw AgentFault(.noConfiguration, expected: "one .yaml file", at: folder.string)
        }
        guard names.count == 1, let name = names.first else {
            let found = names.isEmpty ? "none" : names.joined(separator: ", ")
            throw AgentFault(.noConfiguration, found: found, expected: "one .yaml file", at: folder.string)
        }
        return folder.appending(name)
    }

    package static func load(_ file: FilePath, _ storage: DurableStorage) throws -> AgentConfiguration {
        let bytes: [UInt8]
        do { bytes = try storage.read(file, limit: AgentConfiguration.sizeLimit) } catch {
            guard error.code == .notFound else { throw error }
            throw AgentFault(.noConfiguration, found: "no such file", at: file.string)
        }
        return try AgentConfiguration.decode(bytes, file: file.string)
    }
}
