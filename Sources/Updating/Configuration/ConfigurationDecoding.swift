import Primitives
import Releases
import Settings
import SystemPackage

extension AgentConfiguration {
    /// Reads a configuration file's text. `file` is for messages.
    package static func decode(_ bytes: [UInt8], file: String) throws(SettingsFault) -> AgentConfiguration {
        let root = try SettingsNode.decode(bytes, file: file, limit: sizeLimit)
        let table = try SettingsTable(root, known: keys.map(\.name))
        // The names are those of the file as soon as their keys have been read.
        var configuration = AgentConfiguration(
            product: try table.required("product") { try ProductName(ByteString($0.text())) },
            channel: try table.required("channel") { try ChannelName(ByteString($0.text())) },
            mirrors: [], prefix: "/", state: "/")
        for key in keys {
            if key.isRequired {
                try table.required(key.name) { try key.read($0, &configuration) }
            } else {
                try table.optional(key.name) { try key.read($0, &configuration) }
            }
        }
        return configuration
    }

    /// Every key that has a value, and that as YAML: a file of these lines gives the same configuration.
    package var settings: [(name: String, value: String)] {
        Self.keys.compactMap { key in key.value(self).map { (key.name, $0) } }
    }
}
