import CanonicalJSON
import Primitives
import Signatures

/// How a secret key is kept, as its public half tells everyone.
package enum KeyHolding: String, Sendable {
    case encryptedFile = "encrypted file"
    case plainFile = "plain file"
    /// Wherever the keyholder's ssh-agent has it: in its memory, on a card, on a token. Of public key files only.
    case sshAgent = "ssh-agent"
}

/// What both kinds of key file have in common, and how strictly they are read.
struct KeyFileHeader: Equatable, Sendable {
    static let byteLimit = 4096
    static let jsonLimits = JSONLimits(bytes: byteLimit, depth: 4)

    let name: KeyName
    let publicKey: PublicKey
    let holding: KeyHolding

    func object(format: ByteString) -> JSONObject {
        [
            "format": .string(format), "held": .string(ByteString(holding.rawValue)),
            "key": .object(publicKey.object), "name": .string(name.text),
        ]
    }

    init(name: KeyName, publicKey: PublicKey, holding: KeyHolding) {
        self.name = name
        self.publicKey = publicKey
        self.holding = holding
    }

    init(_ reader: JSONReader, format: ByteString) throws {
        guard try reader.field("format").string() == format else {
            throw try reader.field("format").invalid(expected: "\"\(format)\"")
        }
        let holding = try reader.field("held")
        guard let known = KeyHolding(rawValue: String(decoding: try holding.string().bytes, as: UTF8.self)) else {
            throw holding.invalid(expected: "\"encrypted file\", \"plain file\" or \"ssh-agent\"")
        }
        name = try KeyName(reader.field("name").string())
        publicKey = try Self.publicKey(reader.field("key"), of: name)
        self.holding = known
    }

    /// Our own keys have one spelling: the fields we write, in lower-case hexadecimal, and the name of the file.
    private static func publicKey(_ reader: JSONReader, of name: KeyName) throws -> PublicKey {
        let key = try PublicKey(reader)
        guard let same = PublicKey(ed25519: key.material, name: name.text), same == key else {
            throw reader.invalid(expected: "an Ed25519 key that carries the name \"\(name)\"")
        }
        return key
    }
}

/// Reads one JSON object strictly: `read` gets the reader, and what it makes must encode to exactly `bytes`.
func decodeKeyFile<File>(
    _ bytes: [UInt8], encode: (File) -> [UInt8], _ read: (JSONReader) throws -> File
) throws(KeyFault) -> File {
    do {
        let value = try JSONValue.decode(bytes, limits: KeyFileHeader.jsonLimits)
        let file = try read(JSONReader(value, at: "key file"))
        guard encode(file) == bytes else {
            throw KeyFault(.malformed, found: "another layout or unknown fields", expected: "the one this tool writes")
        }
        return file
    } catch let fault as JSONFault {
        // Not what was found: the file may hold a secret.
        throw KeyFault(.malformed, found: fault.code.summary, expected: fault.expected, at: fault.location)
    } catch let fault as KeyFault where fault.code == .invalidName {
        throw KeyFault(.malformed, found: fault.code.summary, at: "key file.name")
    } catch let fault as KeyFault {
        throw fault
    } catch {
        throw KeyFault(.malformed)
    }
}
