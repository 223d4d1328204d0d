//! OIDC providers: whose tokens roles may trust.

use super::super::entity_error::{EntityError, Quota};
use super::super::principals::{ProviderRecord, Tag};
use super::Edit;
use super::tags::checked;
use crate::rules;
use crate::unique_id::UniqueId;

/// An OIDC provider to be made.
#[derive(Clone, Debug, Default)]
pub struct NewProvider {
    /// Its URL.
    pub url: String,
    /// The audiences that it is trusted for.
    pub client_ids: Vec<String>,
    /// Thumbprints of its certificates.
    pub thumbprints: Vec<String>,
    /// Its tags.
    pub tags: Vec<Tag>,
}

impl Edit<'_> {
    /// Makes an OIDC provider.
    pub async fn create_provider(&mut self, new: NewProvider) -> Result<(UniqueId, ProviderRecord), EntityError> {
        let name = rules::provider_name(&new.url)?.to_owned();
        for id in &new.client_ids {
            rules::client_id(id)?;
        }
        Quota::ClientIds.check(new.client_ids.len(), rules::CLIENT_IDS)?;
        let record = ProviderRecord {
            name,
            client_ids: new.client_ids,
            thumbprints: checked_thumbprints(&new.thumbprints)?,
            created_at: self.now,
            tags: checked(new.tags)?,
            sessions_valid_after: None,
        };
        let id = self.make(record.clone()).await?;
        Ok((id, record))
    }

    /// Adds an audience; nothing happens if the provider has it.
    pub async fn add_client_id(&mut self, provider: &str, client_id: &str) -> Result<(), EntityError> {
        rules::client_id(client_id)?;
        let (_, record) = self.named::<ProviderRecord>(provider).await?;
        if record.client_ids.iter().any(|known| known == client_id) {
            return Ok(());
        }
        Quota::ClientIds.check(record.client_ids.len() + 1, rules::CLIENT_IDS)?;
        record.client_ids.push(client_id.to_owned());
        Ok(())
    }

    /// Removes an audience; nothing happens if the provider has it not.
    pub async fn remove_client_id(&mut self, provider: &str, client_id: &str) -> Result<(), EntityError> {
        let (_, record) = self.named::<ProviderRecord>(provider).await?;
        record.client_ids.retain(|known| known != client_id);
        Ok(())
    }

    /// Replaces the thumbprints.
    pub async fn set_thumbprints(&mut self, provider: &str, thumbprints: &[String]) -> Result<(), EntityError> {
        let thumbprints = checked_thumbprints(thumbprints)?;
        let (_, record) = self.named::<ProviderRecord>(provider).await?;
        record.thumbprints = thumbprints;
        Ok(())
    }

    /// Deletes an OIDC provider. The sessions that it vouched for end with it.
    pub async fn delete_provider(&mut self, provider: &str) -> Result<(), EntityError> {
        let id = self.find::<ProviderRecord>(provider).await?;
        self.unmake::<ProviderRecord>(&id, provider).await
    }
}

fn checked_thumbprints(thumbprints: &[String]) -> Result<Vec<String>, EntityError> {
    for thumbprint in thumbprints {
        rules::thumbprint(thumbprint)?;
    }
    Quota::Thumbprints.check(thumbprints.len(), rules::THUMBPRINTS)?;
    Ok(thumbprints.iter().map(|text| text.to_ascii_lowercase()).collect())
}
