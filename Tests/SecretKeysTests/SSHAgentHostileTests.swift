import Primitives
import Signatures
import Synchronization
import SystemPackage
import TestSupport
import Testing

@testable import SecretKeys

/// What listens at SSH_AUTH_SOCK can be anything.
@Suite("An ssh-agent that is hostile, broken or slow")
struct SSHAgentHostileTests {
    private static let message = Array("what is to be signed".utf8)

    struct Case: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let code: KeyFaultCode
        let answer: ScriptedSSHAgent.Answer
        /// Wrong already when the keys are listed; else when it signs.
        var isListing = false
    }

    private static func answer(_ type: UInt8, _ write: (inout SSHWriter) -> Void = { _ in }) -> [UInt8] {
        var writer = SSHWriter()
        writer.byte(type)
        write(&writer)
        return writer.bytes
    }

    private static func signature(type: String = "ssh-ed25519", count: Int = 64, trailing: [UInt8] = []) -> [UInt8] {
        answer(14) { writer in
            var blob = SSHWriter()
            blob.string(Array(type.utf8))
            blob.string([UInt8](repeating: 7, count: count))
            writer.string(blob.bytes + trailing)
        }
    }

    private static func identities(_ keys: [[UInt8]], count: UInt32? = nil, comment: Int = 1) -> [UInt8] {
        answer(12) { writer in
            writer.uint32(count ?? UInt32(keys.count))
            for key in keys {
                writer.string(key)
                writer.string([UInt8](repeating: 99, count: comment))
            }
        }
    }

    static let listings = [
        Case(
            testDescription: "more keys announced than are there", code: .agentMalformed,
            answer: .message(identities([], count: 3))),
        Case(
            testDescription: "four thousand million keys announced", code: .agentMalformed,
            answer: .message(identities([], count: .max))),
        Case(
            testDescription: "something behind the last key", code: .agentMalformed,
            answer: .message(identities([]) + [0])),
        Case(
            testDescription: "a key of another length", code: .agentMalformed,
            answer: .message(identities([SSHPublicKey(ed25519: [1, 2, 3]).blob]))),
        Case(
            testDescription: "a key that is no key", code: .agentMalformed,
            answer: .message(identities([[0xff, 0xff, 0xff, 0xff]]))),
        Case(
            testDescription: "a key too long for a key", code: .agentMalformed,
            answer: .message(identities([[UInt8](repeating: 0, count: 17 << 10)]))),
        Case(
            testDescription: "a comment without end", code: .agentMalformed,
            answer: .message(identities([SSHPublicKey(ed25519: [UInt8](repeating: 1, count: 32)).blob], comment: 5000))),
        Case(
            testDescription: "a signature to the question for keys", code: .agentMalformed,
            answer: .message(signature())),
        Case(testDescription: "a refusal to list", code: .agentRefused, answer: .message([5])),
    ]

    static let signatures = [
        Case(testDescription: "a refusal to sign", code: .agentRefused, answer: .message([5])),
        Case(testDescription: "nothing at all", code: .agentSilent, answer: .silence),
        Case(testDescription: "the end of the connection", code: .agentMalformed, answer: .raw([])),
        Case(testDescription: "half a length", code: .agentMalformed, answer: .raw([0, 0])),
        Case(testDescription: "half a message", code: .agentMalformed, answer: .raw([0, 0, 0, 83, 14, 0, 0])),
        Case(testDescription: "an empty message", code: .agentMalformed, answer: .message([])),
        Case(testDescription: "a huge length", code: .agentMalformed, answer: .raw([0xff, 0xff, 0xff, 0xff, 14])),
        Case(
            testDescription: "a message one byte too long", code: .agentMalformed, answer: .raw([0, 4, 0, 1, 14])),
        Case(testDescription: "data without end", code: .agentMalformed, answer: .endless([0, 4, 0, 0, 14, 0, 0, 0])),
        Case(
            testDescription: "a string longer than its message", code: .agentMalformed,
            answer: .message([14, 0, 1, 0, 0])),
        Case(
            testDescription: "keys to the question for a signature", code: .agentMalformed,
            answer: .message(identities([]))),
        Case(testDescription: "success without a signature", code: .agentMalformed, answer: .message([6])),
        Case(
            testDescription: "a signature of another type", code: .agentMalformed,
            answer: .message(signature(type: "ssh-rsa"))),
        Case(testDescription: "a short signature", code: .agentMalformed, answer: .message(signature(count: 63))),
        Case(testDescription: "a long signature", code: .agentMalformed, answer: .message(signature(count: 65))),
        Case(
            testDescription: "something behind the signature", code: .agentMalformed,
            answer: .message(signature(trailing: [0]))),
        Case(
            testDescription: "something behind the answer", code: .agentMalformed, answer: .message(signature() + [0])),
        Case(testDescription: "a signature that is none", code: .agentMalformed, answer: .message(signature())),
    ]

    private func agent(
        _ socket: FilePath, times: SSHAgentTimes = SSHAgentTimes(), notice: @escaping @Sendable () -> Void = {}
    ) throws -> SSHAgent {
        try SSHAgent(socket: socket.string, times: times, notice: notice)
    }

    @Test(arguments: listings)
    func `lists nothing`(row: Case) throws {
        let folder = try TemporaryFolder()
        let hostile = try ScriptedSSHAgent(at: folder.path("s")) { _ in row.answer }
        let agent = try agent(hostile.socket)
        let fault = try #require(throws: KeyFault.self) { try agent.identities() }
        #expect(fault.code == row.code, "\(fault)")
        #expect(fault.location == hostile.socket.string)
    }

    @Test(arguments: signatures)
    func `gives no signature`(row: Case) throws {
        let folder = try TemporaryFolder()
        let key = try SecretKey.generate(name: KeyName("alice"))
        let held = Self.identities([SSHPublicKey(ed25519: key.publicKey.material).blob])
        let hostile = try ScriptedSSHAgent(at: folder.path("s")) { request in
            request.first == 11 ? .message(held) : row.answer
        }
        var times = SSHAgentTimes()
        if row.code == .agentSilent { times.signing = .milliseconds(20) }
        let signer = try SSHAgentSigner(key.publicKey, in: agent(hostile.socket, times: times))
        let fault = try #require(throws: KeyFault.self) { try signer.sign(Self.message) }
        #expect(fault.code == row.code, "\(fault)")
        #expect(hostile.requests.count == 2)
    }

    @Test func `a signature by another key, or over something else, is not used`() throws {
        let folder = try TemporaryFolder()
        let key = try SecretKey.generate(name: KeyName("alice"))
        let other = try SecretKey.generate(name: KeyName("alice"))
        for (name, signature) in [
            ("key", try other.sign(Self.message)), ("message", try key.sign(Array("something else".utf8))),
        ] {
            let hostile = try ScriptedSSHAgent(at: folder.path(name)) { request in
                request.first == 11
                    ? .message(Self.identities([SSHPublicKey(ed25519: key.publicKey.material).blob]))
                    : .message(
                        Self.answer(14) { writer in
                            var blob = SSHWriter()
                            blob.string(Array("ssh-ed25519".utf8))
                            blob.string(signature)
                            writer.string(blob.bytes)
                        })
            }
            let signer = try SSHAgentSigner(key.publicKey, in: agent(hostile.socket))
            let fault = try #require(throws: KeyFault.self) { try signer.sign(Self.message) }
            #expect(fault.code == .agentMalformed)
            #expect(fault.found == "a signature that alice does not verify")
        }
    }

    @Test func `what is asked for is the plain message, by this key, with no flags`() throws {
        let folder = try TemporaryFolder()
        let key = try SecretKey.generate(name: KeyName("alice"))
        let blob = SSHPublicKey(ed25519: key.publicKey.material).blob
        let signature = try key.sign(Self.message)
        let honest = try ScriptedSSHAgent(at: folder.path("s")) { request in
            request.first == 11
                ? .message(Self.identities([blob]))
                : .message(
                    Self.answer(14) { writer in
                        var blob = SSHWriter()
                        blob.string(Array("ssh-ed25519".utf8))
                        blob.string(signature)
                        writer.string(blob.bytes)
                    })
        }
        let signer = try SSHAgentSigner(key.publicKey, in: agent(honest.socket))
        #expect(try signer.sign(Self.message) == signature)
        let expected = Self.answer(13) { writer in
            writer.string(blob)
            writer.string(Self.message)
            writer.uint32(0)
        }
        #expect(honest.requests == [[11], expected])
    }

    @Test func `a message longer than agents take is not sent`() throws {
        let folder = try TemporaryFolder()
        let key = try SecretKey.generate(name: KeyName("alice"))
        let held = Self.identities([SSHPublicKey(ed25519: key.publicKey.material).blob])
        let scripted = try ScriptedSSHAgent(at: folder.path("s")) { _ in .message(held) }
        let signer = try SSHAgentSigner(key.publicKey, in: agent(scripted.socket))
        let fault = try #require(throws: KeyFault.self) { try signer.sign([UInt8](repeating: 0, count: 256 << 10)) }
        #expect(fault.code == .tooLongForAgent)
        #expect(scripted.requests.count == 1)
    }

    @Test func `the person is told once that we wait, and only when it takes long`() throws {
        let folder = try TemporaryFolder()
        let key = try SecretKey.generate(name: KeyName("alice"))
        let held = Self.identities([SSHPublicKey(ed25519: key.publicKey.material).blob])
        let scripted = try ScriptedSSHAgent(at: folder.path("s")) { $0.first == 11 ? .message(held) : .silence }
        for (beforeNotice, expected) in [(Duration.milliseconds(1), 1), (.seconds(60), 0)] {
            let notices = Counter()
            var times = SSHAgentTimes()
            times.signing = .milliseconds(60)
            times.beforeNotice = beforeNotice
            let agent = try agent(scripted.socket, times: times) { notices.count.withLock { $0 += 1 } }
            let signer = try SSHAgentSigner(key.publicKey, in: agent)
            #expect(throws: KeyFault.self) { try signer.sign(Self.message) }
            #expect(notices.count.withLock { $0 } == expected)
        }
    }

    private final class Counter: Sendable {
        let count = Mutex(0)
    }

    @Test func `a key that the agent does not hold is refused with the names of those it holds`() throws {
        let folder = try TemporaryFolder()
        let key = try SecretKey.generate(name: KeyName("alice"))
        let other = SSHPublicKey(ed25519: [UInt8](repeating: 1, count: 32)).blob
        var rsa = SSHWriter()
        rsa.string(Array("ssh-rsa".utf8))
        for (name, held, found) in [
            ("none", [], "no keys"), ("one", [other], "\"c\""), ("rsa", [rsa.bytes], "\"c\" (ssh-rsa)"),
            (
                "many", Array(repeating: other, count: 10),
                Array(repeating: "\"c\"", count: 8).joined(separator: ", ") + " and 2 more"
            ),
        ] {
            let scripted = try ScriptedSSHAgent(at: folder.path(name)) { _ in .message(Self.identities(held)) }
            let agent = try agent(scripted.socket)
            let fault = try #require(throws: KeyFault.self) { try SSHAgentSigner(key.publicKey, in: agent) }
            #expect(fault.code == .notInAgent)
            #expect(fault.found == found)
            #expect(fault.expected == "alice, \(SSHPublicKey(ed25519: key.publicKey.material).fingerprint)")
        }
    }

    @Test func `a socket that is not there, is gone, or has no room for its path is no agent`() throws {
        let folder = try TemporaryFolder()
        try folder.write("a file", to: "file")
        for path in [folder.path("nothing"), folder.path("file"), folder.path(String(repeating: "x", count: 120))] {
            let fault = try #require(throws: KeyFault.self) { try agent(path).identities() }
            #expect(fault.code == .noAgent)
            #expect(fault.location == path.string)
        }
        for unset in [nil, ""] {
            #expect(try #require(throws: KeyFault.self) { try SSHAgent(socket: unset) {} }.code == .noAgent)
        }
    }
}
