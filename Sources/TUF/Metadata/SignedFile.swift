import CanonicalJSON
import Primitives
import Signatures

/// Metadata on its way to be signed: the publisher's side of `UnverifiedMetadata`.
package struct SignedFile: Sendable {
    package let signed: JSONObject
    package var signatures: [KeyID: [UInt8]]

    package init(_ payload: some Payload, signatures: [KeyID: [UInt8]] = [:]) {
        signed = payload.json
        self.signatures = signatures
    }

    /// What a signature covers.
    package var signedBytes: [UInt8] { JSONValue.object(signed).canonicalEncoding }

    /// The file: signatures in order of their keyids, so that equal contents are equal bytes.
    package var bytes: [UInt8] {
        let list = signatures.sorted { $0.key < $1.key }.map { keyID, signature -> JSONValue in
            .object(["keyid": .string(keyID.text), "sig": .string(ByteString(Hex.encode(signature)))])
        }
        return JSONValue.object(["signatures": .array(list), "signed": .object(signed)]).fileEncoding
    }
}
