import CanonicalJSON
import Primitives

/// The transparency log and its witnesses, as root names them: which log everything is published in, and how many
/// independent witnesses must have cosigned it before an instance believes in it.
extension Root {
    /// Field of root that holds the policy's exact text, a string.
    package static let witnessPolicyField: ByteString = "x-sceau-witness-policy"

    /// The text, or nil when this root names none. It is what keyholders signed, byte for byte; whether it can be read as
    /// a policy is for `TransparencyLog` to say. Throws when the field is no string: then it is not absent either.
    package var witnessPolicy: ByteString? {
        get throws(JSONFault) {
            try JSONReader(.object(extra), at: "root").optionalField(Self.witnessPolicyField)?.string()
        }
    }

    package mutating func setWitnessPolicy(_ text: ByteString?) {
        extra[Self.witnessPolicyField] = text.map { .string($0) }
    }
}
