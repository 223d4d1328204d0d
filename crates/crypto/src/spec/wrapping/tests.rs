use trent_names::Partition;

use super::*;

const OAEP: [&str; 2] = ["RSAES_OAEP_SHA_256", "RSAES_OAEP_SHA_1"];
const HYBRID: [&str; 2] = ["RSA_AES_KEY_WRAP_SHA_256", "RSA_AES_KEY_WRAP_SHA_1"];
const RSA: [&str; 3] = ["RSA_2048", "RSA_3072", "RSA_4096"];

/// The guide's table, written down a second time: material, algorithms, wrapping specs, in China or elsewhere.
fn expected(material: KeySpec, algorithm: &str, spec: &str, china: bool) -> bool {
    let oaep = OAEP.contains(&algorithm) && RSA.contains(&spec);
    let hybrid = HYBRID.contains(&algorithm) && RSA.contains(&spec) && !china;
    let sm2 = algorithm == "SM2PKE" && spec == "SM2" && china;
    match material.as_str() {
        "SYMMETRIC_DEFAULT" | "HMAC_224" | "HMAC_256" | "HMAC_384" | "HMAC_512" => oaep || hybrid,
        "RSA_2048" | "RSA_3072" | "RSA_4096" => hybrid || sm2,
        "ECC_NIST_P521" if spec == "RSA_2048" => hybrid,
        "ECC_NIST_P256" | "ECC_NIST_P384" | "ECC_NIST_P521" | "ECC_SECG_P256K1" => oaep || hybrid || sm2,
        "SM2" => china && (oaep || sm2),
        _ => false,
    }
}

/// SPK-457, SPK-458, SPK-459, SPK-460, SPK-466
/// SPK-467, SPK-468, SPK-469, SPK-470, SPK-471
/// SPK-472, SPK-473, SPK-474, SPK-475
#[test]
fn each_material_is_wrapped_as_the_table_has_it() {
    let mut cells = 0;
    for partition in Partition::ALL {
        for &material in KeySpec::ALL {
            for &algorithm in WrappingAlgorithm::ALL {
                for &spec in WrappingKeySpec::ALL {
                    let expected = expected(
                        material,
                        algorithm.as_str(),
                        spec.as_str(),
                        partition.as_str() == "aws-cn",
                    );
                    let taken = Wrapping { algorithm, spec }.takes(material, partition);
                    assert_eq!(taken, expected, "{material} by {algorithm} with {spec} in {partition}");
                    cells += usize::from(taken && partition.as_str() == "aws");
                }
            }
        }
    }
    // Five symmetric keys and three curves by four algorithms, P-521 with two fewer, RSA by two: each with three specs.
    assert_eq!(cells, 5 * 12 + 3 * 12 + 10 + 3 * 6);
}

/// SPK-401
#[test]
fn what_cannot_be_imported_takes_no_wrapping() {
    for &material in KeySpec::ALL {
        let takes = |partition| {
            WrappingAlgorithm::ALL.iter().any(|&algorithm| {
                WrappingKeySpec::ALL
                    .iter()
                    .any(|&spec| Wrapping { algorithm, spec }.takes(material, partition))
            })
        };
        let anywhere = Partition::ALL.into_iter().any(takes);
        assert_eq!(anywhere, material.is_importable(), "{material}");
    }
}
