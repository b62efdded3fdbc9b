import FoundationEssentials
import Primitives
import Signatures

/// A witness with a clock of its own, honest or not. It may serve several logs, and both faces of one that has forked.
package final class SimulatedWitness {
    package enum Behaviour: Sendable {
        /// Cosigns what continues the tree it saw last, and nothing else.
        case honest
        /// Out of reach, or unwilling: cosigns nothing new and goes on showing what it cosigned last.
        case absent
        /// Cosigns whatever the log signs, two trees of one size too.
        case complaisant
    }

    /// Stands in signature lines; says nothing, one key is one witness.
    package let name: ByteString
    /// What policies call it.
    package let label: String
    package let key: TestKey
    package var behaviour = Behaviour.honest
    /// By how much its clock is ahead; negative when it is behind.
    package var clockSkew: TimeInterval = 0
    /// Where it can be asked, when the test runs a server for it.
    package var url: String?
    /// What it cosigned last for each origin.
    package private(set) var seen: [ByteString: Seen] = [:]

    package struct Seen: Hashable, Sendable {
        package let size: Int
        package let root: Digest
        /// With the log's signature and this witness's cosignature: what its monitoring address shows.
        package let note: [UInt8]
    }

    /// - Parameter label: one word; names the key as well, so that two witnesses of one label have one key.
    package init(_ label: String) {
        self.label = label
        name = ByteString("witness.example/\(label)")
        key = TestKey("witness \(label)")
    }

    package var vkey: ByteString { key.vkey(name, .witness) }

    /// The path of its monitoring address for a log.
    package static func monitoringPath(_ origin: ByteString) -> String {
        "\(Digest.sha256(of: origin.bytes).hex)/checkpoint"
    }

    /// Its signature line, or nil when it gives none. Remembers what it cosigned.
    func cosign(_ text: [UInt8], signedBy logLine: [UInt8], of log: LogSimulator, size: Int, at time: Date) -> [UInt8]?
    {
        let root = log.tree.root(of: size)
        switch behaviour {
        case .absent: return nil
        case .complaisant: break
        case .honest:
            if let last = seen[log.origin], !log.continues(last, to: size) { return nil }
        }
        let line = key.cosignatureLine(name, over: text, at: time + clockSkew)
        seen[log.origin] = Seen(size: size, root: root, note: text + [UInt8(ascii: "\n")] + logLine + line)
        return line
    }
}
