import Primitives
import Signatures
import Testing

@testable import SecretKeys

/// bcrypt_pbkdf, and the digits of pi below it. The vectors are those of pyca/bcrypt (tests/test_bcrypt.py, Apache-2.0).
@Suite struct ImportKDFTests {
    struct Vector: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let rounds: UInt32
        let passphrase: [UInt8]
        let salt: [UInt8]
        let output: String

        init(_ name: String, _ rounds: UInt32, _ passphrase: String, _ salt: String, _ output: String) {
            testDescription = name
            self.rounds = rounds
            self.passphrase = Array(passphrase.utf8)
            self.salt = Array(salt.utf8)
            self.output = output
        }
    }

    static let vectors = [
        Vector("one block", 4, "password", "salt", "5bbf0cc293587f1c3635555c27796598d47e579071bf427e9d8fbe842aba34d9"),
        Vector("half a block", 4, "password", "\0", "c12b566235eee04c212598970a579a67"),
        Vector("a passphrase of one NUL", 4, "\0", "salt", "6051be18c2f4f82cbf0efee5471b4bb9"),
        Vector(
            "NULs at the ends", 4, "password\0", "salt\0",
            "7410e44cf4fa07bfaac8a928b1727fac001375e7bf7384370f48efd121743050"),
        Vector("NULs inside, cut off", 4, "pass\0wor", "sa\0l", "c2bffd9db38f6569efef4372f4de83c0"),
        Vector("NULs inside", 4, "pass\0word", "sa\0lt", "4ba4ac3925c0e8d7f0cdb6bb1684a56f"),
        Vector(
            "two blocks, as both tools need", 8, "password", "salt",
            "e1367ec5151a33faac4cc1c144cd23fa15d5548493ecc99b9b5d9c0d3b27bec7"
                + "6227ea66088b849b20ab7aa478010246e74bba51723fefa9f9474d6508845e8d"),
        Vector("as many rounds as signify takes", 42, "password", "salt", "833cf0dcf56db65608e8f0dc0ce882bd"),
        Vector("Greek", 8, "Ὀδυσσεύς", "Τηλέμαχος", "43666c9b09ef33ed8c27e8e8f3e2d8e6"),
    ]

    @Test("bcrypt_pbkdf gives what the published vectors say", arguments: vectors)
    func derive(vector: Vector) throws {
        let derivation = try BcryptKDF(rounds: vector.rounds, salt: vector.salt)
        let passphrase = try SecretBytes(copying: vector.passphrase)
        let output = try derivation.derive(from: passphrase, byteCount: vector.output.utf8.count / 2)
        #expect(output.withUnsafeBytes { Hex.encode($0) } == vector.output)
    }

    @Test("pi begins and ends as Blowfish's first and last table do")
    func pi() {
        let words = Pi.fraction(wordCount: 18 + 4 * 256)
        #expect(words.count == 1042)
        #expect(words.prefix(4) == [0x243F_6A88, 0x85A3_08D3, 0x1319_8A2E, 0x0370_7344])
        #expect(words[18] == 0xD131_0BA6)
        #expect(words.suffix(2) == [0x578F_DFE3, 0x3AC3_72E6])
        // However many digits are asked for, those that both have agree: nothing was lost in the carries.
        #expect(Pi.fraction(wordCount: 40) == Array(words.prefix(40)))
    }

    @Test("rounds that would keep this machine busy are refused", arguments: [0, 2049, UInt32.max])
    func rounds(count: UInt32) throws {
        let fault = try #require(throws: KeyFault.self) { try BcryptKDF(rounds: count, salt: [1]) }
        #expect(fault.code == .costOutOfBounds)
        #expect(fault.found == "\(count) rounds")
    }

    @Test("salts and lengths beyond reason are refused")
    func lengths() throws {
        for count in [0, 1025] {
            #expect(throws: KeyFault.self) { try BcryptKDF(rounds: 1, salt: [UInt8](repeating: 0, count: count)) }
        }
        let derivation = try BcryptKDF(rounds: 1, salt: [1])
        for count in [0, 1025] {
            #expect(throws: KeyFault.self) {
                try derivation.derive(from: SecretBytes(copying: [1]), byteCount: count)
            }
        }
    }
}
