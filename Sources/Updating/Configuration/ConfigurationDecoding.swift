import Primitives
import Releases
import Settings
import SystemPackage
import TransparencyLog
import Transport

extension AgentConfiguration {
    /// Reads a configuration file's text. `file` is for messages.
    package static func decode(_ bytes: [UInt8], file: String) throws(SettingsFault) -> AgentConfiguration {
        let root = try SettingsNode.decode(bytes, file: file, limit: sizeLimit)
        let table = try SettingsTable(root, known: Key.allCases.map(\.rawValue))
        var configuration = AgentConfiguration(
            product: try table.required(Key.product.rawValue) { try ProductName(ByteString($0.text())) },
            channel: try table.required(Key.channel.rawValue) { try ChannelName(ByteString($0.text())) },
            mirrors: try table.required(Key.mirrors.rawValue) { try mirrors($0) },
            prefix: try table.required(Key.prefix.rawValue) { try $0.absolutePath() },
            state: try table.required(Key.state.rawValue) { try $0.absolutePath() })
        configuration.transport.proxy = try table.optional(Key.proxy.rawValue) { try proxy($0) }
        configuration.transport.authorities = try table.optional(Key.caFile.rawValue) { try $0.absolutePath() }
        if let keep = try table.optional(Key.keep.rawValue, { try $0.integer(in: 1...1000) }) {
            configuration.keep = keep
        }
        try table.optional(Key.timeouts.rawValue) { try decodeTimeouts($0, into: &configuration.transport.limits) }
        try table.optional(Key.limits.rawValue) { try decodeLimits($0, into: &configuration.limits) }
        if let preferred = try table.optional(Key.prefer.rawValue, { try preferred($0) }) {
            configuration.prefers = preferred
        }
        try decodeLog(table, into: &configuration.log)
        return configuration
    }

    private enum Key: String, CaseIterable {
        case product, channel, mirrors, prefix, state, proxy, keep, timeouts, limits, prefer
        case transparency, freshness, floor
        case caFile = "ca_file"
        case holdBack = "hold_back"
    }

    private static func mirrors(_ node: SettingsNode) throws -> [String] {
        let list = try node.list().map { element in
            let address = try element.text()
            do { try HTTPAddress.checkBase(address) } catch {
                throw element.fault(
                    found: HTTPAddress.displayed(address), expected: "an http:// or https:// address")
            }
            return address
        }
        guard !list.isEmpty else { throw node.fault(found: "no mirror", expected: "at least one") }
        return list
    }

    private static func proxy(_ node: SettingsNode) throws(SettingsFault) -> String {
        let address = try node.text()
        guard address.hasPrefix("http://") || address.hasPrefix("socks5h://") else {
            throw node.fault(
                found: HTTPAddress.displayed(address), expected: "http://host:port or socks5h://host:port")
        }
        return address
    }

    private static func preferred(_ node: SettingsNode) throws(SettingsFault) -> PreferredDelivery {
        guard let preferred = PreferredDelivery(rawValue: try node.text()) else {
            throw node.invalid(expected: "patch or archive")
        }
        return preferred
    }

    private static func decodeTimeouts(_ node: SettingsNode, into limits: inout TransportLimits) throws {
        let table = try SettingsTable(node, known: ["connect", "metadata", "download"])
        func seconds(_ key: String) throws -> Duration? {
            try table.optional(key) { .seconds(try $0.integer(in: 1...604_800)) }
        }
        if let time = try seconds("connect") { limits.connect = time }
        if let time = try seconds("metadata") { limits.fetch = time }
        if let time = try seconds("download") { limits.download = time }
    }

    private static func decodeLimits(_ node: SettingsNode, into limits: inout ReleaseSizeLimits) throws {
        let table = try SettingsTable(node, known: ["archive_bytes", "tree_bytes", "tree_entries", "patch_bytes"])
        func number(_ key: String) throws -> Int? {
            try table.optional(key) { try $0.integer(in: 1...Int(ReleaseLimits.fileBytes)) }
        }
        if let bytes = try number("archive_bytes") { limits.archiveBytes = bytes }
        if let bytes = try number("tree_bytes") { limits.tree.bytes = bytes }
        if let entries = try number("tree_entries") { limits.tree.entries = entries }
        if let bytes = try number("patch_bytes") { limits.patchMemory = bytes }
    }

    // MARK: the transparency log

    private static func decodeLog(
        _ table: SettingsTable, into log: inout LogSettings
    ) throws(SettingsFault) {
        let isRequired = try table.optional(Key.transparency.rawValue) { node throws -> Bool in
            switch try node.text() {
            case "required": true
            case "off": false
            default: throw node.invalid(expected: "required or off")
            }
        }
        if let isRequired { log.isRequired = isRequired }
        if let hours = try table.optional(Key.freshness.rawValue, { try $0.integer(in: 1...hoursOfYear) }) {
            log.freshness = hours
        }
        try table.optional(Key.holdBack.rawValue) { try decodeHoldBack($0, into: &log.holdBack) }
        try table.optional(Key.floor.rawValue) { try decodeFloor($0, into: &log.floor) }
    }

    private static let hoursOfYear = 366 * 24

    private static func decodeHoldBack(_ node: SettingsNode, into holdBack: inout HoldBack) throws {
        let table = try SettingsTable(node, known: ["critical", "important", "otherwise"])
        func hours(_ key: String) throws -> Int? {
            try table.optional(key) { try $0.integer(in: 0...hoursOfYear) }
        }
        if let hours = try hours("critical") { holdBack.critical = hours }
        if let hours = try hours("important") { holdBack.important = hours }
        if let hours = try hours("otherwise") { holdBack.otherwise = hours }
    }

    private static func decodeFloor(_ node: SettingsNode, into floor: inout CosignatureFloor) throws {
        let table = try SettingsTable(node, known: ["cosignatures", "witnesses"])
        if let count = try table.optional("cosignatures", { try $0.integer(in: 0...1000) }) {
            floor.count = count
        }
        if let keys = try table.optional("witnesses", { try $0.list().map(witness) }) { floor.witnesses = keys }
    }

    private static func witness(_ node: SettingsNode) throws -> NoteKey {
        let text = try node.text()
        guard let key = try? NoteKey(vkey: ByteString(text)), key.kind == .witness else {
            throw node.invalid(expected: "the key of a witness, NAME+ID+KEY")
        }
        return key
    }
}
