import DurableStorage
import Primitives
import Releases
import SystemPackage
import Yams

extension Policy {
    static let byteLimit = 64 << 10

    /// The text that `init` writes, with every field explained. `decode` reads it back.
    package var text: String {
        var lines = [
            "# The policy of this workspace. sceau writes it once, at init, and reads it afterwards; people may edit it.",
            "# Keyholders and thresholds in force are those of the signed root and targets metadata: a change of them here",
            "# changes nothing by itself. Days and keep count from the next time something is staged or published.",
            "product: \(product)",
            "# Signs snapshot and timestamp, on the machine that publishes. Its public half is Keys/\(onlineKey).pub.",
            "online_key: \(onlineKey)",
            "roles:",
            "  # The keys and thresholds of everything. expires_days: how long a signed version is valid;",
            "  # warn_days: sceau status warns when fewer days are left.",
        ]
        lines += Self.lines("root", root)
        lines.append("  # Which channels there are, and who signs them.")
        lines += Self.lines("targets", targets)
        lines.append("  # By the online key.")
        lines += Self.lines("snapshot", snapshot) + Self.lines("timestamp", timestamp)
        lines.append("# keep: how many releases a channel is meant to list.")
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
    package static func decode(_ text: String, at place: String) throws(PublishingFault) -> Policy {
        let node: Node?
        do { node = try Yams.compose(yaml: text) } catch {
            throw PublishingFault(.invalidPolicy, found: YAMLReader.problem(error), at: place)
        }
        guard let node else { throw PublishingFault(.invalidPolicy, found: "an empty file", at: place) }
        return try Policy(YAMLReader(node, place: place, field: "policy"))
    }

    private init(_ reader: YAMLReader) throws(PublishingFault) {
        let fields = try reader.fields(["product", "online_key", "roles", "channels"])
        let roles = try fields.required("roles").fields(["root", "targets", "snapshot", "timestamp"])
        var channels: [Channel] = []
        for (name, channel) in try fields.required("channels").entries() {
            channels.append(try Self.channel(name, channel))
        }
        let productField = try fields.required("product")
        guard let product = try? ProductName(ByteString(productField.string())) else {
            throw productField.invalid("a name of a-z, 0-9 and -")
        }
        self.init(
            product: product, onlineKey: try fields.required("online_key").name(),
            root: try Self.signers(roles.required("root")), targets: try Self.signers(roles.required("targets")),
            snapshot: try Self.life(roles.required("snapshot").fields(Self.lifeFields)),
            timestamp: try Self.life(roles.required("timestamp").fields(Self.lifeFields)), channels: channels)
    }

    private static let lifeFields = ["expires_days", "warn_days"]
    private static let signerFields = ["keyholders", "threshold"] + lifeFields

    private static func channel(_ name: String, _ reader: YAMLReader) throws(PublishingFault) -> Channel {
        guard let label = try? ChannelName(ByteString(name)) else { throw reader.invalid("a channel's name before it") }
        let fields = try reader.fields(signerFields + ["keep"])
        return Channel(
            name: label, signers: try signers(fields, reader), keep: try fields.required("keep").integer(in: 1...10_000)
        )
    }

    private static func signers(_ reader: YAMLReader) throws(PublishingFault) -> Signers {
        try signers(reader.fields(signerFields), reader)
    }

    private static func signers(
        _ fields: YAMLReader.Fields, _ reader: YAMLReader
    ) throws(PublishingFault) -> Signers {
        var names: [String] = []
        for element in try fields.required("keyholders").elements() {
            let name = try element.name()
            guard !names.contains(name) else { throw element.invalid("each keyholder once") }
            names.append(name)
        }
        let threshold = try fields.required("threshold")
        let number = try threshold.integer(in: 1...1000)
        guard number <= names.count else { throw threshold.invalid("at most \(names.count), as there are keyholders") }
        return Signers(keyholders: names, threshold: number, life: try life(fields))
    }

    private static func life(_ fields: YAMLReader.Fields) throws(PublishingFault) -> Life {
        Life(
            expiresDays: try fields.required("expires_days").integer(in: 1...3650),
            warnDays: try fields.required("warn_days").integer(in: 0...3650))
    }
}

extension Workspace {
    package func loadPolicy() throws -> Policy {
        let bytes = try storage.read(policyFile, limit: Policy.byteLimit)
        return try Policy.decode(String(decoding: bytes, as: UTF8.self), at: policyFile.string)
    }
}
