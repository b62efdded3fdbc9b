import Primitives

/// Reads the lines of a policy (C2SP tlog-policy, "Policy file syntax and structure").
struct PolicyParser {
    private typealias Words = [ArraySlice<UInt8>]

    /// What says in a quorum line that no witness is asked for.
    private static let none: ByteString = "none"

    private(set) var logs: [WitnessPolicy.Log] = []
    private(set) var witnesses: [WitnessPolicy.Witness] = []
    private(set) var groups: [WitnessPolicy.Group] = []
    /// The name in the quorum line.
    private(set) var quorum: ByteString?
    private var hasQuorum = false
    /// Names that are a member of some group.
    private var members: Set<ByteString> = []
    private var names: Set<ByteString> = []
    private var lineNumber = 0

    mutating func read(_ text: ByteString) throws(LogFault) {
        guard text.count <= WitnessPolicy.byteLimit else {
            throw fault(found: "\(text.count) bytes", expected: "at most \(WitnessPolicy.byteLimit)")
        }
        var lines = TextLines(text.bytes)
        while !lines.isAtEnd {
            lineNumber += 1
            guard let line = lines.next() else { throw fault(expected: "a line feed at the end of the last line") }
            try read(line: line)
        }
        lineNumber = 0
        guard hasQuorum else { throw fault(expected: "a quorum line") }
    }

    private mutating func read(line: ArraySlice<UInt8>) throws(LogFault) {
        guard line.allSatisfy({ $0 == UInt8(ascii: "\t") || ($0 >= 0x20 && $0 != 0x7F) }) else {
            throw fault(found: "a control character", expected: "printable characters, spaces and tabs")
        }
        let words = line.split { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
        guard let keyword = words.first, keyword.first != UInt8(ascii: "#") else { return }
        switch ByteString(Array(keyword)) {
        case "log": try readLog(words)
        case "witness": try readWitness(words)
        case "group": try readGroup(words)
        case "quorum": try readQuorum(words)
        default:
            throw fault(
                found: "\"\(ByteString(Array(keyword)))\"", expected: "log, witness, group, quorum, or a comment with #"
            )
        }
    }

    private mutating func readLog(_ words: Words) throws(LogFault) {
        guard 2...3 ~= words.count else { throw fault(expected: "log VKEY [URL]") }
        let key = try key(words[1], .log)
        guard logs.count < WitnessPolicy.countLimit else { throw tooMany("logs") }
        logs.append(WitnessPolicy.Log(key: key, url: words.count == 3 ? ByteString(Array(words[2])) : nil))
    }

    private mutating func readWitness(_ words: Words) throws(LogFault) {
        guard 3...4 ~= words.count else { throw fault(expected: "witness NAME VKEY [URL]") }
        let name = try newName(words[1])
        let key = try key(words[2], .witness)
        guard witnesses.count < WitnessPolicy.countLimit else { throw tooMany("witnesses") }
        let url = words.count == 4 ? ByteString(Array(words[3])) : nil
        witnesses.append(WitnessPolicy.Witness(name: name, key: key, url: url))
    }

    private mutating func readGroup(_ words: Words) throws(LogFault) {
        guard words.count >= 4 else { throw fault(expected: "group NAME all|any|NUMBER MEMBER...") }
        // A group is no member of itself: its name is not known before its members are.
        var list: [ByteString] = []
        for word in words[3...] { list.append(try newMember(word)) }
        let name = try newName(words[1])
        let threshold: Int? =
            switch ByteString(Array(words[2])) {
            case "all": list.count
            case "any": 1
            default: Decimal.decode(words[2], limit: list.count)
            }
        guard let threshold, threshold >= 1 else {
            throw fault(
                found: ByteString(Array(words[2])).description,
                expected: "all, any, or a number from 1 to \(list.count)")
        }
        guard groups.count < WitnessPolicy.countLimit else { throw tooMany("groups") }
        groups.append(WitnessPolicy.Group(name: name, threshold: threshold, members: list))
    }

    private mutating func readQuorum(_ words: Words) throws(LogFault) {
        guard words.count == 2 else { throw fault(expected: "quorum NAME, or quorum none") }
        guard !hasQuorum else { throw fault(found: "a second quorum line", expected: "one") }
        hasQuorum = true
        let name = ByteString(Array(words[1]))
        guard name != Self.none else { return }
        guard names.contains(name) else { throw unknown(name) }
        quorum = name
    }

    // MARK: names and keys

    private mutating func newName(_ word: ArraySlice<UInt8>) throws(LogFault) -> ByteString {
        let name = ByteString(Array(word))
        guard name != Self.none else { throw fault(found: "the name \"none\"", expected: "another: it has a meaning") }
        guard names.insert(name).inserted else {
            throw fault(found: "the name \(name) again", expected: "one definition of each name")
        }
        return name
    }

    private mutating func newMember(_ word: ArraySlice<UInt8>) throws(LogFault) -> ByteString {
        let name = ByteString(Array(word))
        guard names.contains(name) else { throw unknown(name) }
        guard members.insert(name).inserted else {
            throw fault(found: "\(name) in a group again", expected: "each name in one group, once")
        }
        return name
    }

    /// No two lines hold one public key, not even the log's and a witness's: a log that is its own witness has none.
    private func key(_ word: ArraySlice<UInt8>, _ kind: NoteKey.Kind) throws(LogFault) -> NoteKey {
        let key = try NoteKey(vkey: ByteString(Array(word)))
        guard key.kind == kind else {
            throw fault(
                found: "a key of type \(Hex.encode([key.kind.rawValue]))", expected: Hex.encode([kind.rawValue]))
        }
        guard (logs.map(\.key) + witnesses.map(\.key)).allSatisfy({ $0.publicKey != key.publicKey }) else {
            throw fault(found: "the public key of \(key.name) again", expected: "each key once, under one name")
        }
        return key
    }

    // MARK: results

    /// The log of this origin; when that is nil, the only one.
    func log(_ origin: ByteString?) throws(LogFault) -> WitnessPolicy.Log {
        if let origin {
            guard let log = logs.first(where: { $0.key.name == origin }) else {
                throw fault(expected: "a log line for \(origin)")
            }
            return log
        }
        guard logs.count == 1, let log = logs.first else {
            throw fault(found: Counted.text(logs.count, "log line"), expected: "one")
        }
        return log
    }

    var rule: QuorumRule {
        let places = witnesses.map(\.name) + groups.map(\.name)
        let numbers = Dictionary(zip(places, places.indices)) { first, _ in first }
        let groups = groups.map { group in
            QuorumRule.Group(
                threshold: group.threshold,
                members: group.members.compactMap { numbers[$0] }.reduce(0) { $0 | QuorumRule.bit($1) })
        }
        return QuorumRule(witnessCount: witnesses.count, groups: groups, goal: quorum.flatMap { numbers[$0] })
    }

    // MARK: faults

    private func fault(found: String? = nil, expected: String) -> LogFault {
        LogFault(
            .malformedPolicy, found: found, expected: expected, at: lineNumber == 0 ? nil : "line \(lineNumber)")
    }

    private func unknown(_ name: ByteString) -> LogFault {
        fault(found: "the name \(name)", expected: "a witness or group defined on an earlier line")
    }

    private func tooMany(_ noun: String) -> LogFault {
        fault(found: "more \(noun)", expected: "at most \(WitnessPolicy.countLimit)")
    }
}
