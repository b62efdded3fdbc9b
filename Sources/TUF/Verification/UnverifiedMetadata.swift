import CanonicalJSON
import Primitives
import Signatures

/// Metadata that has been read but not yet believed.
package struct UnverifiedMetadata<Content: Payload>: Sendable {
    package let role: RoleName
    /// The file, byte for byte.
    package let bytes: [UInt8]
    package let content: Content
    /// What signatures cover: the canonical form of the parsed `signed`, unknown fields included.
    package let signedBytes: [UInt8]
    /// By keyid. Nil: the signature does not decode, which counts as not signed.
    package let signatures: [KeyID: [UInt8]?]

    /// Decodes a metadata file (TUF 4.2). Refuses a keyid that occurs twice, another `_type` and another major version.
    package init(decoding bytes: [UInt8], role: RoleName, limits: MetadataLimits) throws(MetadataFault) {
        let limit = limits.length(of: role)
        guard bytes.count <= limit else {
            throw MetadataFault(.tooLong, found: "\(bytes.count) bytes", expected: "at most \(limit)", at: "\(role)")
        }
        self.role = role
        self.bytes = bytes
        let signed: JSONReader
        do {
            let file = JSONReader(
                try JSONValue.decode(bytes, limits: JSONLimits(bytes: limit, depth: limits.depth)), at: "\(role)")
            signed = try file.field("signed")
            let type = try signed.field("_type").string()
            guard type == Content.type else {
                throw MetadataFault(.wrongType, found: "\(type)", expected: "\(Content.type)", at: "\(role)")
            }
            signatures = try Self.signatures(file.field("signatures"), role: role)
            content = try Content(signed)
        } catch let fault as JSONFault {
            throw MetadataFault(fault, in: role)
        } catch let fault as MetadataFault {
            throw fault
        } catch {
            throw MetadataFault(.malformed, at: "\(role)")
        }
        guard content.header.isSupported else {
            let found = content.header.specVersion.description
            throw MetadataFault(.unsupportedVersion, found: found, expected: "1.x", at: "\(role)")
        }
        signedBytes = signed.value.canonicalEncoding
    }

    private static func signatures(_ list: JSONReader, role: RoleName) throws -> [KeyID: [UInt8]?] {
        var signatures: [KeyID: [UInt8]?] = [:]
        for element in try list.array() {
            let keyID = KeyID(try element.field("keyid").string())
            guard signatures[keyID] == nil else {
                // TUF 4.2.1
                throw MetadataFault(.duplicateKeyID, found: "\(keyID)", at: "\(role)")
            }
            let signature = try element.field("sig").string()
            signatures.updateValue(Hex.decode(signature.bytes), forKey: keyID)
        }
        return signatures
    }
}

/// Metadata whose signatures have met the threshold of a delegator. Only `RoleSigners.verify` makes one.
package struct Verified<Content: Payload>: Sendable {
    package let role: RoleName
    /// The file, byte for byte: what is stored and served on.
    package let bytes: [UInt8]
    package let content: Content

    fileprivate init(_ metadata: UnverifiedMetadata<Content>) {
        role = metadata.role
        bytes = metadata.bytes
        content = metadata.content
    }

    package var version: Int { content.header.version }
}

/// Who signs for one role, in the eyes of one delegator.
package struct RoleSigners: Sendable {
    package let role: RoleName
    package let keys: [KeyID: PublicKey]
    package let keyIDs: [KeyID]
    package let threshold: Int

    init(role: RoleName, keys: [KeyID: PublicKey], roleKeys: RoleKeys?) {
        self.role = role
        self.keys = keys
        keyIDs = roleKeys?.keyIDs ?? []
        // No signature can satisfy a role that is not there.
        threshold = roleKeys?.threshold ?? Int.max
    }

    /// Who signed, who did not, and whether that is enough.
    package func report<Content>(on metadata: UnverifiedMetadata<Content>) -> SignatureReport {
        report(on: metadata.signedBytes, signatures: metadata.signatures)
    }

    /// Only signatures by keys of this role are looked at, so thousands of foreign ones cost nothing.
    package func report(on signedBytes: [UInt8], signatures: [KeyID: [UInt8]?]) -> SignatureReport {
        var report = SignatureReport(threshold: threshold)
        var identities: Set<[UInt8]> = []
        for keyID in keyIDs {
            guard let signature = signatures[keyID], let signature else {
                report.missing.append(keyID)
                continue
            }
            guard let key = keys[keyID], key.isValid(signature: signature, for: signedBytes) else {
                report.invalid.append(keyID)
                continue
            }
            // TAP 12: one key under two ids is one signer.
            if identities.insert(key.identity).inserted { report.valid.append(keyID) }
        }
        return report
    }

    /// Believes `metadata` if the threshold is met.
    package func verify<Content>(
        _ metadata: UnverifiedMetadata<Content>
    ) throws(MetadataFault) -> Verified<Content> {
        let report = report(on: metadata)
        guard report.isMet else {
            throw MetadataFault(
                .thresholdNotMet, found: report.summary(names: keys), expected: "\(threshold)",
                at: "\(metadata.role) version \(metadata.content.header.version)")
        }
        return Verified(metadata)
    }
}

/// The state of one role's signatures.
package struct SignatureReport: Sendable {
    package let threshold: Int
    package fileprivate(set) var valid: [KeyID] = []
    package fileprivate(set) var invalid: [KeyID] = []
    package fileprivate(set) var missing: [KeyID] = []

    package var isMet: Bool { valid.count >= threshold }

    /// `1 (valid alice 4e77d1c0; no signature from bob 9c1d20ab)`.
    func summary(names: [KeyID: PublicKey]) -> String {
        func list(_ keyIDs: [KeyID]) -> String {
            keyIDs.map { keyID in (names[keyID]?.name.map { "\($0) " } ?? "") + keyID.short }.joined(separator: ", ")
        }
        let parts = [("valid", valid), ("not valid", invalid), ("no signature from", missing)]
        let detail = parts.filter { !$0.1.isEmpty }.map { "\($0.0) \(list($0.1))" }.joined(separator: "; ")
        return "\(valid.count)" + (detail.isEmpty ? "" : " (\(detail))")
    }
}
