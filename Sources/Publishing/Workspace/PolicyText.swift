import DurableStorage
import Primitives
import Releases
import Settings
import SystemPackage

extension Policy {
    static let byteLimit = 64 << 10

    /// The text that `init` writes, with every field explained. `decode` reads it back.
    package var text: String {
        var lines = [
            "# The policy of this workspace: what root, targets and channels ought to be. sceau root propose makes them from",
            "# it, for keyholders to sign, and writes this file anew when it is told to change something; people may edit it.",
            "# In force are the keyholders and thresholds of the signed and published metadata. Days and keep count from the",
            "# next time something is staged or published.",
            "product: \(product)",
            "# Signs snapshot and timestamp, on the machine that publishes. Its public half is Keys/\(onlineKey).pub.",
            "online_key: \(onlineKey)",
        ]
        if let releaseKey {
            lines += [
                "# Signs archives for everyone without Sceau (minisign). Its public half is Keys/\(releaseKey).pub.",
                "release_key: \(releaseKey)",
            ]
        }
        if let log {
            lines += [
                "# Who watches the transparency log: a file beside this one. In force is what root says.",
                "witness_policy: \(log.witnessPolicy)",
                "# Signs the log, on the machine that publishes. Its public half is Keys/\(log.key).pub.",
                "log_key: \(log.key)",
                "# The log's name, for ever: another name is another log.",
                "log_origin: \(log.origin)",
            ]
        }
        lines += [
            "roles:",
            "  # The keys and thresholds of everything. expires_days: how long a signed version is valid;",
            "  # warn_days: sceau status warns when fewer days are left.",
        ]
        lines += Self.lines("root", root)
        lines.append("  # Which channels there are, and who signs them.")
        lines += Self.lines("targets", targets)
        lines.append("  # By the online key.")
        lines += Self.lines("snapshot", snapshot) + Self.lines("timestamp", timestamp)
        lines.append("# keep: how many releases a channel lists; release add moves older ones to its archive.")
        lines.append("channels:")
        for channel in channels {
            lines += Self.lines("\(channel.name)", channel.signers) + ["    keep: \(channel.keep)"]
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func lines(_ name: String, _ signers: Signers) -> [String] {
        [
            "  \(name):", "    keyholders: [\(signers.keyholders.joined(separator: ", "))]",
            "    threshold: \(signers.threshold)",
        ] + lines(signers.life)
    }

    private static func lines(_ name: String, _ life: Life) -> [String] { ["  \(name):"] + lines(life) }

    private static func lines(_ life: Life) -> [String] {
        ["    expires_days: \(life.expiresDays)", "    warn_days: \(life.warnDays)"]
    }

    /// Reads a policy. A field that is unknown, missing or of the wrong kind is refused with its line.
    package static func decode(_ bytes: [UInt8], at place: String) throws(SettingsFault) -> Policy {
        try Policy(try SettingsNode.decode(bytes, file: place, limit: byteLimit))
    }

    private init(_ node: SettingsNode) throws(SettingsFault) {
        let table = try SettingsTable(
            node, known: ["product", "online_key", "release_key"] + Self.logFields + ["roles", "channels"])
        let roles = try SettingsTable(
            try table.required("roles"), known: ["root", "targets", "snapshot", "timestamp"])
        var channels: [Channel] = []
        for (key, value) in try table.required("channels").members() { channels.append(try Self.channel(key, value)) }
        self.init(
            product: try table.required("product") { try ProductName(ByteString($0.text())) },
            onlineKey: try Self.name(table.required("online_key")),
            releaseKey: try table.optional("release_key") { try Self.name($0) }, log: try Self.log(table),
            root: try Self.signers(roles.required("root")), targets: try Self.signers(roles.required("targets")),
            snapshot: try Self.life(
                SettingsTable(roles.required("snapshot"), known: Self.lifeFields), longest: Self.longestSnapshot),
            timestamp: try Self.life(
                SettingsTable(roles.required("timestamp"), known: Self.lifeFields), longest: Self.longestTimestamp),
            channels: channels)
    }

    private static let logFields = ["witness_policy", "log_key", "log_origin"]

    /// All three fields, or none of them.
    private static func log(_ table: SettingsTable) throws(SettingsFault) -> Log? {
        var isThere = false
        for field in logFields where !isThere { isThere = try table.optional(field) { _ in true } ?? false }
        guard isThere else { return nil }
        return Log(
            witnessPolicy: try witnessPolicy(table.required("witness_policy")),
            key: try name(table.required("log_key")),
            origin: try table.required("log_origin") { try LogOrigin(ByteString($0.text())) })
    }

    private static func witnessPolicy(_ node: SettingsNode) throws(SettingsFault) -> String {
        let name = try node.text()
        guard WitnessPolicyFile.isValid(name) else {
            throw node.invalid(expected: "a file in Keys/ named [a-z0-9][a-z0-9._-]*\(WitnessPolicyFile.suffix)")
        }
        return name
    }

    private static let longestOffline = 3650
    /// Nobody signs this file: whoever can push could ask the online key for years in which news may be held back.
    private static let longestSnapshot = 366
    private static let longestTimestamp = 31

    private static let lifeFields = ["expires_days", "warn_days"]
    private static let signerFields = ["keyholders", "threshold"] + lifeFields

    private static func channel(_ key: SettingsNode, _ value: SettingsNode) throws(SettingsFault) -> Channel {
        guard let name = try? ChannelName(ByteString(key.text())) else {
            throw key.invalid(expected: "a channel's name")
        }
        let table = try SettingsTable(value, known: signerFields + ["keep"])
        return Channel(
            name: name, signers: try signers(table), keep: try table.required("keep").integer(in: 1...10_000))
    }

    private static func signers(_ node: SettingsNode) throws(SettingsFault) -> Signers {
        try signers(SettingsTable(node, known: signerFields))
    }

    private static func signers(_ table: SettingsTable) throws(SettingsFault) -> Signers {
        var names: [String] = []
        for element in try table.required("keyholders").list() {
            let name = try name(element)
            guard !names.contains(name) else { throw element.invalid(expected: "each keyholder once") }
            names.append(name)
        }
        let threshold = try table.required("threshold")
        let number = try threshold.integer(in: 1...1000)
        guard number <= names.count else {
            throw threshold.invalid(expected: "at most \(names.count), as there are keyholders")
        }
        return Signers(keyholders: names, threshold: number, life: try life(table))
    }

    /// A keyholder's or key's name, as key files have it.
    private static func name(_ node: SettingsNode) throws(SettingsFault) -> String {
        let name = try node.text()
        guard KeyholderName.isValid(name) else {
            throw node.invalid(expected: "a name of a-z, 0-9, '.', '_' and '-', other than \(KeyholderName.reserved)")
        }
        return name
    }

    private static func life(
        _ table: SettingsTable, longest: Int = longestOffline
    ) throws(SettingsFault) -> Life {
        Life(
            expiresDays: try table.required("expires_days").integer(in: 1...longest),
            warnDays: try table.required("warn_days").integer(in: 0...3650))
    }
}

extension Workspace {
    package func loadPolicy() throws -> Policy {
        let bytes = try storage.read(policyFile, limit: Policy.byteLimit)
        return try Policy.decode(bytes, at: policyFile.string)
    }
}
