import CanonicalJSON
import Primitives
import Signatures
import TUF

/// One signature that waits in `Staged/signatures/<N.role>/<keyholder>.json`, format `sceau-signature/1`. It names the
/// digest of what it covers, so that a person can tell a stale signature from a forged one.
package struct StagedSignature: Hashable, Sendable {
    static let format: ByteString = "sceau-signature/1"
    static let byteLimit = 64 << 10

    package let keyID: KeyID
    package let role: RoleName
    package let version: Int
    /// SHA-256 of the canonical form of `signed`: what the signature covers.
    package let signed: Digest
    package let signature: [UInt8]

    package init(keyID: KeyID, role: RoleName, version: Int, signed: Digest, signature: [UInt8]) {
        self.keyID = keyID
        self.role = role
        self.version = version
        self.signed = signed
        self.signature = signature
    }

    package var encoded: [UInt8] {
        let object: JSONValue = [
            "format": .string(Self.format), "keyid": .string(keyID.text), "role": .string(role.text),
            "sig": .string(ByteString(Hex.encode(signature))), "signed_sha256": .string(ByteString(signed.hex)),
            "version": .integer(Int64(version)),
        ]
        return object.fileEncoding
    }

    /// Throws for anything but what `encoded` gives.
    package static func decode(_ bytes: [UInt8], at place: String) throws(PublishingFault) -> StagedSignature {
        do {
            let reader = JSONReader(
                try JSONValue.decode(bytes, limits: JSONLimits(bytes: byteLimit, depth: 4)), at: "signature")
            let digestField = try reader.field("signed_sha256")
            let signatureField = try reader.field("sig")
            guard let digest = Digest(hex: try digestField.string()) else { throw digestField.invalid(expected: "hex") }
            guard let signature = Hex.decode(try signatureField.string().bytes) else {
                throw signatureField.invalid(expected: "hex")
            }
            let result = StagedSignature(
                keyID: KeyID(try reader.field("keyid").string()), role: RoleName(try reader.field("role").string()),
                version: try reader.field("version").integer(in: 1...Int64.max), signed: digest, signature: signature)
            guard result.encoded == bytes else {
                throw PublishingFault(.malformedStaging, found: "another layout", at: place)
            }
            return result
        } catch let fault as PublishingFault {
            throw fault
        } catch let fault as any ReportableFault {
            throw PublishingFault(.malformedStaging, found: fault.message, at: place)
        } catch {
            throw PublishingFault(.malformedStaging, at: place)
        }
    }
}
