import CanonicalJSON
import DurableStorage
import FoundationEssentials
import Primitives
import Releases
import SystemPackage
import UpdatePlan

// What the administrator told the agent on the command line, and the number it drew for itself.

extension Instance {
    private static let wishLimit = 4096
    private static let seedBytes = 32

    /// Nil: nothing stands against updates. A hold that cannot be read is one: somebody made it.
    func hold() throws -> Hold? {
        guard try storage.info(folders.hold) != nil else { return nil }
        return try readOwn(folders.hold, limit: Self.wishLimit).flatMap { Hold(decoding: $0) }
            ?? Hold(until: nil, reason: "the note of it is damaged")
    }

    func setHold(_ hold: Hold?) throws {
        let kind = try storage.info(folders.hold)?.kind
        // No rename replaces a folder.
        if hold == nil || kind == .directory { try storage.removeTree(folders.hold) }
        guard let hold else { return }
        try storage.write(hold.encoding, to: folders.hold)
    }

    /// The release that the administrator said may be installed.
    func approved() throws -> Version? {
        try readOwn(folders.approved, limit: Self.wishLimit).flatMap { bytes in
            try? Version(ByteString(bytes.last == UInt8(ascii: "\n") ? Array(bytes.dropLast()) : bytes))
        }
    }

    func setApproved(_ version: Version?) throws {
        guard let version else { return try storage.remove(folders.approved) }
        try storage.write(version.text.bytes + [UInt8(ascii: "\n")], to: folders.approved)
    }

    /// Where this instance stands in rollouts; nil when that has not been drawn yet, or was lost.
    func seed() throws -> [UInt8]? {
        try readOwn(folders.seed, limit: Self.seedBytes).flatMap { $0.count == Self.seedBytes ? $0 : nil }
    }

    /// The same, drawn once by `random`, and kept to itself.
    func seed(random: (Int) -> [UInt8]) throws -> [UInt8] {
        if let seed = try seed() { return seed }
        let seed = random(Self.seedBytes)
        try storage.makeDirectory(folders.state, mode: .privateDirectory)
        try storage.write(seed, to: folders.seed, mode: .privateFile)
        return seed
    }

    /// What programs of one stage said when they ran last.
    func keepOutput(_ text: String, named name: String, at time: Date) throws {
        try storage.makeDirectory(folders.output, mode: .privateDirectory)
        let file = folders.output.appending("\(name).txt")
        try storage.write(Array("\(UTCTime.encode(time))\n\(text)".utf8), to: file, mode: .privateFile)
    }
}

extension Hold {
    fileprivate var encoding: [UInt8] {
        var object: JSONObject = ["reason": .string(reason)]
        if let until { object["until"] = .string(ByteString(UTCTime.encode(until))) }
        return JSONValue.object(object).fileEncoding
    }

    fileprivate init?(decoding bytes: [UInt8]) {
        guard let value = try? JSONValue.decode(bytes, limits: JSONLimits(bytes: 4096, depth: 2)),
            let hold = try? Hold(JSONReader(value, at: "hold"))
        else { return nil }
        self = hold
    }

    private init(_ reader: JSONReader) throws {
        self.init(until: try reader.optionalField("until")?.time(), reason: try reader.field("reason").string())
    }
}
