import Foundation
import Primitives
import Signatures
import Testing

@testable import SecretKeys

/// Files made to harm, or harmed: each is a fault, never a trap and never another key.
@Suite struct ImportHostileTests {
    private let sample: ForeignSample

    init() throws {
        sample = try ForeignSample()
    }

    @Test("a key without a passphrase comes over whole", arguments: ForeignSample.Kind.allCases)
    func plain(kind: ForeignSample.Kind) throws {
        let file = try ForeignKeyFile.decode(SecretBytes(copying: sample.text(kind)))
        #expect(file.format == kind.format)
        #expect(!file.isEncrypted)
        let key = try file.secretKey(name: KeyName("bob"), passphrase: nil)
        #expect(key.publicKey.material == sample.publicBytes)
        #expect(key.publicKey == PublicKey(ed25519: sample.publicBytes, name: "bob"))
        #expect(try key.sign([1, 2, 3]) == sample.key.sign([1, 2, 3]))
    }

    @Test("line ends of Windows, and blank lines at the end, do no harm", arguments: ForeignSample.Kind.allCases)
    func lineEnds(kind: ForeignSample.Kind) throws {
        let text = String(decoding: sample.text(kind), as: UTF8.self)
        for variant in [text.replacing("\n", with: "\r\n"), text + "\n\r\n", String(text.dropLast())] {
            #expect(try importKey(Array(variant.utf8)).publicKey == sample.key.publicKey)
        }
    }

    // MARK: damage

    @Test("cut off at any byte, a file is refused", arguments: ForeignSample.Kind.allCases)
    func truncatedText(kind: ForeignSample.Kind) throws {
        let text = sample.text(kind)
        // Without its last line break it is still whole.
        for count in 0..<(text.count - 1) {
            try expectRefused(Array(text.prefix(count)), "\(count)")
        }
    }

    @Test("cut off or prolonged inside its base 64, a file is refused", arguments: ForeignSample.Kind.allCases)
    func wrongLength(kind: ForeignSample.Kind) throws {
        let blob = sample.blob(kind)
        for count in 0..<blob.count {
            try expectRefused(ForeignSample.text(kind, Array(blob.prefix(count))), "\(count)")
        }
        for more in [1, 8, 16, 4000] {
            try expectRefused(ForeignSample.text(kind, blob + [UInt8](repeating: 1, count: more)), "+\(more)")
        }
    }

    @Test(
        "one bit changed anywhere, in the text or below base 64: refused, or the same key",
        arguments: ForeignSample.Kind.allCases)
    func flippedBits(kind: ForeignSample.Kind) throws {
        let (text, blob) = (sample.text(kind), sample.blob(kind))
        var texts = (0..<(8 * text.count)).map { flipping($0, of: text) }
        texts += (0..<(8 * blob.count)).map { ForeignSample.text(kind, flipping($0, of: blob)) }
        let refusals = try texts.compactMap(refusal)
        checkSilent(Set(refusals))
        // The seed and its public key alone are 512 bits, and they are there in both forms.
        #expect(refusals.count > 1000)
        // Comments are nobody's business.
        #expect(texts.count - refusals.count > 100)
    }

    @Test("noise in the place of a file, or behind a true beginning, are refused")
    func noise() throws {
        var noise = [UInt8](repeating: 0, count: 64)
        let beginnings: [[UInt8]] = [
            [], Array("untrusted comment: x\n".utf8), Array("-----BEGIN OPENSSH PRIVATE KEY-----\n".utf8),
            Array("untrusted comment: x\nRWRTYwAAQjI".utf8), Array("untrusted comment: x\nRWRCSw".utf8),
        ]
        for beginning in beginnings {
            for count in [0, 1, 7, 200, 4000] {
                while noise.count < count { noise += HashAlgorithm.sha512.digest(of: noise) }
                noise = HashAlgorithm.sha512.digest(of: noise) + noise.dropFirst(64)
                try expectRefused(beginning + noise.prefix(count), "\(count) bytes behind \(beginning.count)")
            }
        }
    }

    @Test("rubbish in base 64 is refused", arguments: ForeignSample.Kind.allCases)
    func base64(kind: ForeignSample.Kind) throws {
        let text = String(decoding: sample.text(kind), as: UTF8.self)
        let lines = text.split(separator: "\n").map(String.init)
        let first = lines[1]
        for wrong in ["=" + first, first + "=", "*" + first, " " + first + "\0", first.replacing("A", with: "_A")] {
            try expectRefused(Array(text.replacing(first, with: wrong).utf8), wrong.filter { "=*_ ".contains($0) })
        }
        try expectRefused(Array((text + "more\n").utf8), "a line more")
    }

    @Test("a file longer than any key is not even looked at")
    func tooLong() throws {
        let text = sample.text(.openSSH) + [UInt8](repeating: 0x0A, count: ForeignKeyFile.byteLimit)
        #expect(try #require(throws: KeyFault.self) { try importKey(text) }.code == .malformed)
    }

    // MARK: halves that do not agree

    @Test("a public half that is not the seed's is refused", arguments: ForeignSample.Kind.allCases)
    func mismatch(kind: ForeignSample.Kind) throws {
        let other = try ForeignSample()
        let pair = sample.seed + other.publicBytes
        let blob =
            switch kind {
            case .minisign: sample.minisign(pair: pair)
            case .signify: sample.signify(pair: pair)
            case .openSSH:
                other.openSSH(inner: other.secretPart(pair: pair))
            }
        let fault = try #require(throws: KeyFault.self) { try importKey(ForeignSample.text(kind, blob)) }
        #expect(fault.code == .mismatch)
    }

    @Test("the public key of an OpenSSH file stands there three times, and all agree")
    func openSSHMismatch() throws {
        let other = try ForeignSample()
        for blob in [
            sample.openSSH(outer: other.publicBlob()), sample.openSSH(inner: other.secretPart()),
            sample.openSSH(inner: sample.secretPart(material: other.publicBytes)),
            sample.openSSH(inner: sample.secretPart(pair: other.pair)),
            sample.openSSH(inner: sample.secretPart(pair: sample.seed)),
        ] {
            let fault = try #require(throws: KeyFault.self) { try importKey(ForeignSample.text(.openSSH, blob)) }
            #expect(fault.code == .mismatch)
        }
    }

    @Test("a wrong checksum is refused, and so is one that OpenSSH would take for a wrong passphrase")
    func checksums() throws {
        for text in [
            ForeignSample.text(.minisign, sample.minisign(checksum: [UInt8](repeating: 1, count: 32))),
            ForeignSample.text(.signify, sample.signify(checksum: [UInt8](repeating: 0, count: 8))),
            ForeignSample.text(.openSSH, sample.openSSH(inner: sample.secretPart(checks: (1, 2)))),
        ] {
            #expect(try #require(throws: KeyFault.self) { try importKey(text) }.code == .malformed)
        }
    }

    // MARK: helpers

    private func flipping(_ bit: Int, of bytes: [UInt8]) -> [UInt8] {
        var bytes = bytes
        bytes[bit / 8] ^= 1 << (bit % 8)
        return bytes
    }

    /// Nil when `text` gives the sample's key, and else what is said of it, hint and all.
    private func refusal(of text: [UInt8]) throws -> String? {
        do {
            #expect(try importKey(text).publicKey == sample.key.publicKey)
            return nil
        } catch let fault as KeyFault {
            return "\(fault) \(fault.hint ?? "") \(String(reflecting: fault))"
        }
    }

    private func expectRefused(_ text: [UInt8], _ what: String) throws {
        do {
            _ = try importKey(text)
            Issue.record("accepted: \(what)")
        } catch let fault as KeyFault {
            #expect(fault.family == .refusal, "\(what): \(fault)")
        }
    }

    /// No six bytes of the seed may stand in what people are shown: neither as they are, nor in base 16 or 64.
    private func checkSilent(_ messages: Set<String>) {
        let pieces = (0...26).map { Array(sample.seed[$0..<($0 + 6)]) }
        for message in messages {
            for piece in pieces {
                #expect(!message.contains(Hex.encode(piece)))
                #expect(!message.contains(Data(piece).base64EncodedString()))
                #expect(!Array(message.utf8).contains(piece))
            }
        }
    }
}
